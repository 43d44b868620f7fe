using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Events;

/// <summary>Takes events from concurrent callers and commits them in groups.</summary>
internal sealed class EventIntake
{
    // Two transactions overlap one's commit with the other's work; more would only wait for the same days' locks.
    private const int Writers = 2;

    // A group locks a day for each of its weight: 2 writers of 5 instances stay within the 6,400 locks of a default server.
    private const int MaxWeight = 256;

    // Throughput flattens beyond some 1,000 events a statement, while the wait of those behind it grows.
    private const int EventsPerWeight = 4;

    private readonly RollupWriter _writer;
    private readonly GroupCommit<Submission, IReadOnlyList<EventOutcome>> _groups;

    public EventIntake(RollupWriter writer)
    {
        _writer = writer;
        _groups = new(CommitAsync, Writers, MaxWeight, Weigh);
    }

    /// <summary>Returns once all of <paramref name="events"/> are committed, with what became of each.</summary>
    public Task<IReadOnlyList<EventOutcome>> ApplyAsync(IReadOnlyList<ReportingEvent> events, CancellationToken cancellationToken) => ApplyAsync(events, null, cancellationToken);

    /// <summary>The same for a caller that has looked up the events' accounts, those and no others.</summary>
    public Task<IReadOnlyList<EventOutcome>> ApplyAsync(
        IReadOnlyList<ReportingEvent> events, IReadOnlyDictionary<long, Account>? accounts, CancellationToken cancellationToken) =>
        _groups.SubmitAsync(new Submission(events, accounts), cancellationToken);

    private static int Weigh(Submission message) => Weigh(message.Events);

    private static int Weigh(IReadOnlyList<ReportingEvent> events) => events.Count == 1
        ? 1
        : Math.Max(events.Select(one => (one.AccountId, one.CreatedAt.InUtc().Date)).Distinct().Count(), events.Count / EventsPerWeight);

    private async Task<IReadOnlyList<IReadOnlyList<EventOutcome>>> CommitAsync(IReadOnlyList<Submission> messages, CancellationToken cancellationToken)
    {
        var outcomes = await _writer.ApplyAsync([.. messages.SelectMany(message => message.Events)], AccountsOf(messages), cancellationToken);
        var results = new IReadOnlyList<EventOutcome>[messages.Count];
        var start = 0;
        for (var index = 0; index < results.Length; index++)
        {
            results[index] = [.. outcomes.Skip(start).Take(messages[index].Events.Count)];
            start += messages[index].Events.Count;
        }

        return results;
    }

    private static IReadOnlyDictionary<long, Account>? AccountsOf(IReadOnlyList<Submission> messages)
    {
        if (messages.Count == 1) return messages[0].Accounts;
        var accounts = new Dictionary<long, Account>();
        foreach (var message in messages)
        {
            if (message.Accounts is null) return null;
            foreach (var (id, account) in message.Accounts) accounts[id] = account;
        }

        return accounts;
    }

    private sealed record Submission(IReadOnlyList<ReportingEvent> Events, IReadOnlyDictionary<long, Account>? Accounts);
}
