using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tally.Reporting.Poison;
using Tally.Scheduling;

namespace Tally.Campaign.Reporting;

/// <summary>Holds the poison queues against what was sent: every malformed message is there and on record, with its reason, and no other.</summary>
/// <param name="load">What was sent.</param>
/// <param name="done">What operators did, and so what was erased.</param>
/// <param name="database">Where the record is.</param>
/// <param name="storage">Where the queues are.</param>
/// <param name="record">The product's, which gets what is in the queues before it is judged.</param>
internal sealed class PoisonJudge(ReportingLoad load, IReadOnlyCollection<Operation> done, NpgsqlDataSource database, string storage, PoisonLog record)
{
    private const string EndedEarly = "The process ended during the last try.";

    // What the product notes of a message that it finds in the poison queue and has no record of.
    private const string NotOnRecord = "Its last try is on no record";

    public async Task JudgeAsync(Verdict verdict, CancellationToken cancellationToken)
    {
        var malformed = load.Messages.Where(message => message.Odd?.Problem is not null).ToList();
        var expected = malformed.ToLookup(message => Convert.ToBase64String(message.Body));
        var queues = await PoisonQueuesAtTheEnd.TakeAsync(storage, cancellationToken);
        var found = queues.Bodies(QueueNames.ReportingEvents);
        var poisoned = found.ToHashSet();
        var sweep = new PoisonSweep(record, queues, NullLogger<PoisonSweep>.Instance);
        await Again.UntilDoneAsync(() => sweep.RunAsync(RuntimeLimiter.OverAfter(int.MaxValue), cancellationToken), cancellationToken);
        var reasons = await ReasonsAsync(cancellationToken);

        verdict.Count("malformed messages poisoned", malformed.Count(message => poisoned.Contains(Convert.ToBase64String(message.Body))), $"of {malformed.Select(message => message.Odd!.Kind).Distinct().Count()} kinds");
        verdict.MustBeNone("malformed and not poisoned", [.. malformed.Where(message => !poisoned.Contains(Convert.ToBase64String(message.Body))).Select(Describe)]);
        verdict.MustBeNone("wrongly poisoned", [.. found.Where(body => !expected.Contains(body)).Select(body => Describe(body, reasons.GetValueOrDefault(body)))]);
        foreach (var queue in new[] { QueueNames.ReportingBackfills, QueueNames.ReportingBackfillDays })
            verdict.MustBeNone($"poisoned of {queue}", [.. queues.Bodies(queue).Select(body => Describe(body, reasons.GetValueOrDefault(body)))]);
        verdict.MustBeNone("poisoned for another reason", [.. malformed.Where(message => IsOtherReason(message, reasons)).Select(message => $"{Describe(message)} On record: {reasons[Convert.ToBase64String(message.Body)]}")]);
        var erased = Erased();
        verdict.MustBeNone("poisoned and not on record", [.. malformed.Where(message => poisoned.Contains(Convert.ToBase64String(message.Body)) && !reasons.ContainsKey(Convert.ToBase64String(message.Body)) && !erased.Any(Text(message.Body).Contains)).Select(Describe)]);
        verdict.Count("poisoned without a reason on record", malformed.Count(message => message.IsBase64 && !HasReason(message, reasons)), "the database did not answer at the last try");
    }

    private static bool IsOtherReason(EventsMessage message, Dictionary<string, string> reasons) =>
        message.IsBase64 && HasReason(message, reasons)
        && reasons[Convert.ToBase64String(message.Body)] is var reason && reason != EndedEarly && !reason.Contains(message.Odd!.Problem!, StringComparison.Ordinal);

    private static bool HasReason(EventsMessage message, Dictionary<string, string> reasons) =>
        reasons.TryGetValue(Convert.ToBase64String(message.Body), out var reason) && !reason.StartsWith(NotOnRecord, StringComparison.Ordinal);

    private static string Describe(EventsMessage message) => $"message {message.Number}, {message.Odd!.Kind}: {Show(message.Body)}.";

    private static string Describe(string body, string? reason) => $"{Show(Convert.FromBase64String(body))} ({reason ?? "no reason on record"})";

    private static string Show(byte[] body) => VisibleText.Of(Text(body.AsSpan(0, Math.Min(body.Length, 300))));

    private static string Text(ReadOnlySpan<byte> body) => System.Text.Encoding.UTF8.GetString(body);

    // What a text holds of these may be left out of the record, and all of it.
    private List<string> Erased() =>
    [
        .. done.OfType<Operation.EraseAccount>().Select(operation => $"\"accountId\":{operation.Of}"),
        .. done.OfType<Operation.EraseEvents>().SelectMany(operation => operation.Events).Select(id => id.ToString()),
    ];

    private async Task<Dictionary<string, string>> ReasonsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<(byte[] Body, string Reason)>("SELECT body, reason FROM reporting.poison_messages ORDER BY failed_at"))
            .GroupBy(row => Convert.ToBase64String(row.Body)).ToDictionary(same => same.Key, same => same.Last().Reason);
    }
}
