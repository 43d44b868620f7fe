using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Azure;

namespace LocalRuntime.Queues;

/// <summary>The queue service's XML: what requests carry and answers say.</summary>
internal static class QueueXml
{
    // The largest message that the service takes, after encoding, in bytes.
    private const int MaxMessageBytes = 64 * 1024;

    /// <summary>A request body with one message.</summary>
    /// <exception cref="ArgumentException">The body is too large, or cannot be carried without an encoding.</exception>
    public static XDocument Message(BinaryData body, QueueMessageEncoding encoding)
    {
        var text = Encode(body, encoding);
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > MaxMessageBytes)
            throw new ArgumentException($"The message has {bytes:N0} bytes after encoding; a queue message has at most {MaxMessageBytes:N0}.", nameof(body));
        return new XDocument(new XElement("QueueMessage", new XElement("MessageText", text)));
    }

    public static byte[] ToBytes(XDocument document)
    {
        using var stream = new MemoryStream();
        // Entitize: a carriage return in a message must arrive as one, not as the line feed that XML would make of it.
        var settings = new XmlWriterSettings { Encoding = new UTF8Encoding(false), NewLineHandling = NewLineHandling.Entitize };
        using (var writer = XmlWriter.Create(stream, settings)) document.Save(writer);
        return stream.ToArray();
    }

    public static IReadOnlyList<QueueMessage> ReadMessages(Response response, QueueMessageEncoding encoding) =>
        [.. Load(response).Root!.Elements("QueueMessage").Select(element => ReadMessage(element, encoding))];

    public static MessageReceipt ReadReceipt(Response response)
    {
        var element = Load(response).Root!.Element("QueueMessage") ?? throw Missing("QueueMessage");
        return new MessageReceipt(Required(element, "MessageId"), Required(element, "PopReceipt"), ToTime(Required(element, "TimeNextVisible")));
    }

    /// <summary>The receipt of an update, which comes in headers.</summary>
    public static MessageReceipt ReadReceipt(Response response, string messageId) =>
        new(messageId, Header(response, "x-ms-popreceipt"), ToTime(Header(response, "x-ms-time-next-visible")));

    public static QueueProperties ReadProperties(Response response)
    {
        const string prefix = "x-ms-meta-";
        var metadata = response.Headers
            .Where(header => header.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            .ToDictionary(header => header.Name[prefix.Length..], header => header.Value, StringComparer.OrdinalIgnoreCase);
        return new QueueProperties(int.Parse(Header(response, "x-ms-approximate-messages-count"), CultureInfo.InvariantCulture), metadata);
    }

    public static (IReadOnlyList<string> Names, string? NextMarker) ReadQueues(Response response)
    {
        var root = Load(response).Root!;
        var marker = Text(root, "NextMarker");
        return ([.. root.Descendants("Queue").Select(queue => Required(queue, "Name"))], string.IsNullOrEmpty(marker) ? null : marker);
    }

    public static (string? Code, string? Explanation) ReadError(Response response)
    {
        response.Headers.TryGetValue("x-ms-error-code", out var code);
        try
        {
            var root = Load(response).Root!;
            // Only the first line: the rest repeats the request's id and time.
            return (code ?? Text(root, "Code"), Text(root, "Message")?.Split('\n')[0].Trim());
        }
        catch (XmlException)
        {
            return (code, null);
        }
    }

    private static QueueMessage ReadMessage(XElement element, QueueMessageEncoding encoding)
    {
        var raw = Text(element, "MessageText") ?? "";
        var body = Decode(raw, encoding);
        return new QueueMessage
        {
            Id = Required(element, "MessageId"),
            PopReceipt = Text(element, "PopReceipt"),
            RawText = raw,
            Body = body ?? BinaryData.FromString(raw),
            IsDecodable = body is not null,
            InsertedOn = ToTime(Required(element, "InsertionTime")),
            ExpiresOn = ToTime(Required(element, "ExpirationTime")),
            NextVisibleOn = Text(element, "TimeNextVisible") is { } visible ? ToTime(visible) : null,
            DequeueCount = long.Parse(Text(element, "DequeueCount") ?? "0", CultureInfo.InvariantCulture),
        };
    }

    private static string Encode(BinaryData body, QueueMessageEncoding encoding)
    {
        if (encoding == QueueMessageEncoding.Base64) return Convert.ToBase64String(body.ToMemory().Span);

        var text = body.ToString();
        for (var index = 0; index < text.Length; index++)
        {
            if (XmlConvert.IsXmlChar(text[index])) continue;
            if (index + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[index + 1], text[index]))
            {
                index++;
                continue;
            }

            throw new ArgumentException($"The message holds the character U+{(int)text[index]:X4} at position {index}, which XML 1.0 cannot carry. Remove it, or use messageEncoding base64.", nameof(body));
        }

        return text;
    }

    private static BinaryData? Decode(string raw, QueueMessageEncoding encoding)
    {
        if (encoding == QueueMessageEncoding.None) return BinaryData.FromString(raw);
        var bytes = new byte[raw.Length];
        return Convert.TryFromBase64String(raw, bytes, out var length) ? BinaryData.FromBytes(bytes.AsMemory(0, length)) : null;
    }

    private static XDocument Load(Response response)
    {
        if (response.ContentStream is null) throw new XmlException("The answer is empty.");
        return XDocument.Load(response.ContentStream, LoadOptions.PreserveWhitespace);
    }

    private static string? Text(XElement element, string name) => element.Element(name)?.Value;

    private static string Required(XElement element, string name) => Text(element, name) ?? throw Missing(name);

    private static string Header(Response response, string name) => response.Headers.TryGetValue(name, out var value) ? value : throw Missing(name);

    private static FormatException Missing(string name) => new($"The answer has no {name}.");

    private static DateTimeOffset ToTime(string text) => DateTimeOffset.ParseExact(text, "R", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
