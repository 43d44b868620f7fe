using Tally.Database;
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
    private readonly GroupCommit<IReadOnlyList<ReportingEvent>, IReadOnlyList<EventOutcome>> _groups;

    public EventIntake(RollupWriter writer)
    {
        _writer = writer;
        _groups = new(CommitAsync, Writers, MaxWeight, Weigh);
    }

    /// <summary>Returns once all of <paramref name="events"/> are committed, with what became of each.</summary>
    public Task<IReadOnlyList<EventOutcome>> ApplyAsync(IReadOnlyList<ReportingEvent> events, CancellationToken cancellationToken) =>
        _groups.SubmitAsync(events, cancellationToken);

    private static int Weigh(IReadOnlyList<ReportingEvent> events) => events.Count == 1
        ? 1
        : Math.Max(events.Select(one => (one.AccountId, one.CreatedAt.InUtc().Date)).Distinct().Count(), events.Count / EventsPerWeight);

    private async Task<IReadOnlyList<IReadOnlyList<EventOutcome>>> CommitAsync(IReadOnlyList<IReadOnlyList<ReportingEvent>> messages, CancellationToken cancellationToken)
    {
        var outcomes = await _writer.ApplyAsync([.. messages.SelectMany(events => events)], cancellationToken);
        var results = new IReadOnlyList<EventOutcome>[messages.Count];
        var start = 0;
        for (var index = 0; index < results.Length; index++)
        {
            results[index] = [.. outcomes.Skip(start).Take(messages[index].Count)];
            start += messages[index].Count;
        }

        return results;
    }
}
