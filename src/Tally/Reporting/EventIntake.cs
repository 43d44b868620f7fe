using Tally.Database;

namespace Tally.Reporting;

/// <summary>Takes events from concurrent callers and commits them in groups.</summary>
internal sealed class EventIntake
{
    // Two transactions overlap one's commit with the other's work; more would only wait for the same days' locks.
    private const int Writers = 2;

    // Throughput flattens beyond some hundred events a statement, while the wait of those behind it grows.
    private const int MaxEvents = 1_000;

    private readonly RollupWriter _writer;
    private readonly GroupCommit<IReadOnlyList<ReportingEvent>, IReadOnlyList<EventOutcome>> _groups;

    public EventIntake(RollupWriter writer)
    {
        _writer = writer;
        _groups = new(CommitAsync, Writers, MaxEvents, events => events.Count);
    }

    /// <summary>Returns once all of <paramref name="events"/> are committed, with what became of each.</summary>
    public Task<IReadOnlyList<EventOutcome>> ApplyAsync(IReadOnlyList<ReportingEvent> events, CancellationToken cancellationToken) =>
        _groups.SubmitAsync(events, cancellationToken);

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
