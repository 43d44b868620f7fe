using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NodaTime;

namespace Tally.Reporting.Poison;

/// <summary>Whose data a message's text holds, whatever is wrong with it.</summary>
internal static partial class PoisonText
{
    /// <summary>The accounts that the text names.</summary>
    public static long[] AccountIds(ReadOnlySpan<byte> body) =>
    [
        .. AccountId().Matches(Encoding.UTF8.GetString(body))
            .Select(match => long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .Distinct()
            .Order(),
    ];

    /// <summary>Whose the text's events are; the text as one event of each account that it names, if it is no object or array of JSON.</summary>
    public static IReadOnlyList<PoisonEvent> Events(byte[] body)
    {
        using var message = Parse(body);
        return message is null ? [.. AccountIds(body).Select(id => new PoisonEvent(id, null, null, null))] : [.. ObjectsOf(message).Select(PoisonEvent.Of)];
    }

    /// <summary>The text without the account's events that <paramref name="isErased"/> names; null if nothing that can be told apart is left.</summary>
    public static byte[]? Without(byte[] body, long accountId, Func<PoisonEvent, bool> isErased)
    {
        using var message = Parse(body);
        return message is null ? null : Without(body, ObjectsOf(message).Index().Where(one => IsOf(one.Item)).Select(one => one.Index).ToHashSet());

        bool IsOf(JsonElement item) => AccountIds(JsonMarshal.GetRawUtf8Value(item)).Contains(accountId) && isErased(PoisonEvent.Of(item));
    }

    /// <summary>The text without those of <see cref="Events"/> at these places; null if nothing that can be told apart is left.</summary>
    public static byte[]? Without(byte[] body, IReadOnlySet<int> erased)
    {
        if (erased.Count == 0) return body;
        using var message = Parse(body);
        if (message?.RootElement.ValueKind != JsonValueKind.Array) return null;
        var place = 0;
        using var text = new MemoryStream();
        foreach (var item in message.RootElement.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Object && erased.Contains(place++)) continue;
            text.WriteByte(text.Length == 0 ? (byte)'[' : (byte)',');
            text.Write(JsonMarshal.GetRawUtf8Value(item));
        }

        if (text.Length == 0) return null;
        text.WriteByte((byte)']');
        return text.ToArray();
    }

    private static JsonDocument? Parse(byte[] body)
    {
        try
        {
            var message = JsonDocument.Parse(body);
            return message.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? message : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<JsonElement> ObjectsOf(JsonDocument message) =>
        message.RootElement.ValueKind == JsonValueKind.Object ? [message.RootElement] : message.RootElement.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object);

    [GeneratedRegex("""["']?accountId["']?\s*:\s*["']?(\d{1,19})""", RegexOptions.IgnoreCase)]
    private static partial Regex AccountId();
}

/// <summary>What tells whether an event of a text was erased; null where the text does not say, or not legibly.</summary>
internal sealed record PoisonEvent(long AccountId, Guid? Id, long? ConversationId, Instant? CreatedAt)
{
    public static PoisonEvent Of(JsonElement item) => new(
        PoisonText.AccountIds(JsonMarshal.GetRawUtf8Value(item)).FirstOrDefault(),
        Guid.TryParse(Field(item, "id"), out var id) ? id : null,
        long.TryParse(Field(item, "conversationId"), NumberStyles.None, CultureInfo.InvariantCulture, out var conversation) ? conversation : null,
        DateTimeOffset.TryParse(Field(item, "createdAt"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? Instant.FromDateTimeOffset(at) : null);

    private static string? Field(JsonElement item, string name)
    {
        string? field = null;
        foreach (var property in item.EnumerateObject())
        {
            try
            {
                if (property.NameEquals(name)) field = property.Value.ToString();
            }
            catch (InvalidOperationException)
            {
                // Half a surrogate pair, which is good JSON and no text.
            }
        }

        return field;
    }
}
