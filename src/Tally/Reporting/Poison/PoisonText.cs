using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

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
        JsonNode? message;
        try
        {
            message = JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }

        if (message is JsonObject one) return IsOf(one) ? null : body.ToArray();
        if (message is not JsonArray events) return null;
        foreach (var gone in events.OfType<JsonObject>().Where(IsOf).ToList()) events.Remove(gone);
        return events.Count == 0 ? null : Encoding.UTF8.GetBytes(events.ToJsonString());

        bool IsOf(JsonObject item) => AccountIds(Encoding.UTF8.GetBytes(item.ToJsonString())).Contains(accountId) && isErased(item);
    }

    [GeneratedRegex("""["']?accountId["']?\s*:\s*["']?(\d{1,19})""", RegexOptions.IgnoreCase)]
    private static partial Regex AccountId();
}
