using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NodaTime;

namespace Tally.Reporting.Poison;

/// <summary>Whose data a message's text holds, even if it is no JSON.</summary>
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

    /// <summary>The text without the account's events that <paramref name="isErased"/> names; null if nothing that can be told apart is left.</summary>
    public static byte[]? Without(ReadOnlySpan<byte> body, long accountId, Func<JsonObject, bool> isErased)
    {
        var message = Parse(body);
        if (message is JsonObject one) return IsOf(one) ? null : body.ToArray();
        if (message is not JsonArray events) return null;
        foreach (var gone in events.OfType<JsonObject>().Where(IsOf).ToList()) events.Remove(gone);
        return events.Count == 0 ? null : Encoding.UTF8.GetBytes(events.ToJsonString());

        bool IsOf(JsonObject item) => AccountIds(Encoding.UTF8.GetBytes(item.ToJsonString())).Contains(accountId) && isErased(item);
    }

    /// <summary>Whose the text's events are; the text as one event of each account that it names, if it is no JSON.</summary>
    public static IReadOnlyList<PoisonEvent> Events(ReadOnlySpan<byte> body) => Parse(body) is { } message
        ? [.. ObjectsOf(message).Select(PoisonEvent.Of)]
        : [.. AccountIds(body).Select(id => new PoisonEvent(id, null, null, null))];

    /// <summary>The text without those of <see cref="Events"/> at these places; null if nothing that can be told apart is left.</summary>
    public static byte[]? Without(byte[] body, IReadOnlySet<int> erased)
    {
        if (erased.Count == 0) return body;
        if (Parse(body) is not JsonArray events) return null;
        foreach (var (_, gone) in ObjectsOf(events).Index().Where(one => erased.Contains(one.Index)).ToList()) events.Remove(gone);
        return events.Count == 0 ? null : Encoding.UTF8.GetBytes(events.ToJsonString());
    }

    private static JsonNode? Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<JsonObject> ObjectsOf(JsonNode message) => message is JsonObject one ? [one] : message is JsonArray events ? events.OfType<JsonObject>() : [];

    [GeneratedRegex("""["']?accountId["']?\s*:\s*["']?(\d{1,19})""", RegexOptions.IgnoreCase)]
    private static partial Regex AccountId();
}

/// <summary>What tells whether an event of a text was erased; null where the text does not say, or not legibly.</summary>
internal sealed record PoisonEvent(long AccountId, Guid? Id, long? ConversationId, Instant? CreatedAt)
{
    public static PoisonEvent Of(JsonObject item) => new(
        PoisonText.AccountIds(Encoding.UTF8.GetBytes(item.ToJsonString())).FirstOrDefault(),
        Guid.TryParse(item["id"]?.ToString(), out var id) ? id : null,
        long.TryParse(item["conversationId"]?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var conversation) ? conversation : null,
        DateTimeOffset.TryParse(item["createdAt"]?.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? Instant.FromDateTimeOffset(at) : null);
}
