using Azure.Storage.Queues.Models;
using Dapper;
using Npgsql;
using Tally.Azure;

namespace Tally.Campaign.Reporting;

/// <summary>Holds the poison queues against what was sent: every malformed message is there, with its reason on record, and no other.</summary>
internal sealed class PoisonJudge(ReportingLoad load)
{
    private const string EndedEarly = "The process ended during the last try.";

    // What the product notes of a message that it finds in the poison queue and has no record of.
    private const string NotOnRecord = "Its last try is on no record";

    public async Task JudgeAsync(NpgsqlDataSource database, string storage, Verdict verdict, CancellationToken cancellationToken)
    {
        var malformed = load.Messages.Where(message => message.Odd?.Problem is not null).ToList();
        var expected = malformed.ToLookup(message => Convert.ToBase64String(message.Body));
        var found = await TakeAllAsync(storage, QueueNames.ReportingEvents, cancellationToken);
        var poisoned = found.ToLookup(text => text);
        var reasons = await ReasonsAsync(database, cancellationToken);

        verdict.Count("malformed messages poisoned", malformed.Count(message => poisoned.Contains(Convert.ToBase64String(message.Body))), $"of {malformed.Select(message => message.Odd!.Kind).Distinct().Count()} kinds");
        verdict.MustBeNone("malformed and not poisoned", [.. malformed.Where(message => !poisoned.Contains(Convert.ToBase64String(message.Body))).Select(Describe)]);
        verdict.MustBeNone("wrongly poisoned", [.. found.Where(body => !expected.Contains(body)).Select(body => Describe(body, reasons.GetValueOrDefault(body)))]);
        foreach (var queue in new[] { QueueNames.ReportingBackfills, QueueNames.ReportingBackfillDays })
            verdict.MustBeNone($"poisoned of {queue}", [.. (await TakeAllAsync(storage, queue, cancellationToken)).Select(body => Describe(body, reasons.GetValueOrDefault(body)))]);
        verdict.MustBeNone("poisoned for another reason", [.. malformed.Where(message => IsOtherReason(message, reasons)).Select(message => $"{Describe(message)} On record: {reasons[Convert.ToBase64String(message.Body)]}")]);
        verdict.Count("poisoned without a reason on record", malformed.Count(message => message.IsBase64 && !HasReason(message, reasons)), "the database did not answer at the last try");
    }

    private static bool IsOtherReason(EventsMessage message, Dictionary<string, string> reasons) =>
        message.IsBase64 && HasReason(message, reasons)
        && reasons[Convert.ToBase64String(message.Body)] is var reason && reason != EndedEarly && !reason.Contains(message.Odd!.Problem!, StringComparison.Ordinal);

    private static bool HasReason(EventsMessage message, Dictionary<string, string> reasons) =>
        reasons.TryGetValue(Convert.ToBase64String(message.Body), out var reason) && !reason.StartsWith(NotOnRecord, StringComparison.Ordinal);

    private static string Describe(EventsMessage message) => $"message {message.Number}, {message.Odd!.Kind}: {Show(message.Body)}.";

    private static string Describe(string body, string? reason) => $"{Show(Convert.FromBase64String(body))} ({reason ?? "no reason on record"})";

    private static string Show(byte[] body) => VisibleText.Of(System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 300))));

    private static async Task<Dictionary<string, string>> ReasonsAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<(byte[] Body, string Reason)>("SELECT body, reason FROM reporting.poison_messages ORDER BY failed_at"))
            .GroupBy(row => Convert.ToBase64String(row.Body)).ToDictionary(same => same.Key, same => same.Last().Reason);
    }

    /// <summary>The bodies, in base64: as they came to the function, or, of what is none, as they lie there.</summary>
    private static async Task<IReadOnlyList<string>> TakeAllAsync(string storage, string queue, CancellationToken cancellationToken)
    {
        var client = QueueAccount.Of(storage).GetPlainQueue(queue + QueueNames.PoisonSuffix);
        var bodies = new List<string>();
        if (!await client.ExistsAsync(cancellationToken)) return bodies;
        while ((await client.ReceiveMessagesAsync(32, TimeSpan.FromHours(1), cancellationToken)).Value is { Length: > 0 } messages)
            bodies.AddRange(messages.Select(Decoded));
        return bodies;
    }

    private static string Decoded(QueueMessage message)
    {
        var text = message.Body.ToString();
        return Convert.TryFromBase64String(text, new byte[text.Length], out _) ? text : Convert.ToBase64String(message.Body.ToArray());
    }
}
