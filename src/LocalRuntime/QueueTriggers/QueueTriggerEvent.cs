using System.Collections.ObjectModel;
using System.Globalization;
using System.Text.Json;
using LocalRuntime.Invocation;
using LocalRuntime.Queues;

namespace LocalRuntime.QueueTriggers;

/// <summary>A message as what starts an invocation.</summary>
internal static class QueueTriggerEvent
{
    /// <param name="message">The message.</param>
    /// <param name="queueName">Its queue.</param>
    /// <param name="isText">Whether the function binds it as text or as an object, and not as bytes.</param>
    public static TriggerEvent From(QueueMessage message, string queueName, bool isText) => new()
    {
        Reason = $"New queue message detected on '{queueName}'.",
        Details = $"MessageId: {message.Id}, DequeueCount: {message.DequeueCount}, InsertedOn: {message.InsertedOn:O}",
        Value = message.Body,
        Metadata = () => Metadata(message, isText),
    };

    /// <summary>A text that came through the admin endpoint, as if it were a message.</summary>
    public static TriggerEvent FromText(string text, DateTimeOffset now, bool isText)
    {
        var message = new QueueMessage
        {
            Id = Guid.NewGuid().ToString(),
            RawText = text,
            Body = BinaryData.FromString(text),
            IsDecodable = true,
            InsertedOn = now,
            ExpiresOn = now,
            DequeueCount = 1,
        };
        return new TriggerEvent
        {
            Reason = "Called through the admin endpoint.",
            Value = message.Body,
            Metadata = () => Metadata(message, isText),
        };
    }

    // Texts as they are and everything else as JSON: what the host hands to a worker.
    private static ReadOnlyDictionary<string, object?> Metadata(QueueMessage message, bool isText)
    {
        var data = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase)
        {
            ["QueueTrigger"] = message.Text,
            ["Id"] = message.Id,
            ["PopReceipt"] = message.PopReceipt,
            ["DequeueCount"] = message.DequeueCount.ToString(CultureInfo.InvariantCulture),
            ["InsertionTime"] = JsonSerializer.Serialize(message.InsertedOn),
            ["ExpirationTime"] = JsonSerializer.Serialize(message.ExpiresOn),
            ["NextVisibleTime"] = JsonSerializer.Serialize(message.NextVisibleOn),
        };
        if (!isText) return new ReadOnlyDictionary<string, object?>(data);

        // They replace what the queue says, the message's id too, if it is of the same name.
        foreach (var (name, value) in TopLevelValues(message.Body)) data[name] = value;
        return new ReadOnlyDictionary<string, object?>(data);
    }

    private static IReadOnlyList<(string Name, string Value)> TopLevelValues(BinaryData body)
    {
        if (body.ToMemory().Span is not [(byte)'{', ..]) return [];
        try
        {
            using var document = JsonDocument.Parse(body.ToMemory());
            return
            [
                .. from property in document.RootElement.EnumerateObject()
                   where property.Value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null)
                   select (property.Name, property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText()),
            ];
        }
        catch (JsonException)
        {
            // A body need not be JSON; if the function wants it to be, binding its parameter fails with a reason.
            return [];
        }
    }
}
