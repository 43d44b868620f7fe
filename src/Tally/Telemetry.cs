using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tally.Scheduling;

namespace Tally;

/// <summary>Tally's one source of activities and one meter. docs/metrics.md lists the instruments.</summary>
internal static class Telemetry
{
    /// <summary>The name of both.</summary>
    public const string Name = "Tally";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Runs = Meter.CreateCounter<long>("tally.runs", "{run}", "Runs of the scheduled work, by how they ended.");

    private static readonly Counter<long> TimeUps = Meter.CreateCounter<long>("tally.limiter.time_ups", "{run}", "Runs that their time box cut off.");

    private static readonly Histogram<double> QueueAge = Meter.CreateHistogram<double>("tally.queue.age", "s", "How long a message had waited when its function began.");

    private static readonly Gauge<long> QueueDepth = Meter.CreateGauge<long>("tally.queue.depth", "{message}", "Messages in a queue, those in hand included.");

    private static readonly Gauge<double> QueueOldest = Meter.CreateGauge<double>("tally.queue.oldest", "s", "How long the oldest message of a queue has waited; 0 if none waits.");

    internal static ActivitySource Activities { get; } = new(Name);

    internal static Counter<long> EventsApplied { get; } = Meter.CreateCounter<long>("tally.events.applied", "{event}", "Events stored and counted for the first time.");

    internal static Counter<long> EventsDuplicated { get; } = Meter.CreateCounter<long>("tally.events.duplicates", "{event}", "Events that had been applied before.");

    internal static Counter<long> EventsInConflict { get; } = Meter.CreateCounter<long>("tally.events.conflicts", "{event}", "Events whose id was stored with other contents.");

    internal static Counter<long> EventsRejected { get; } = Meter.CreateCounter<long>("tally.events.rejected", "{event}", "Events that cannot be applied; a message that cannot be read is one.");

    internal static Histogram<long> BatchSize { get; } = Meter.CreateHistogram<long>("tally.batch.size", "{event}", "Events of one transaction.");

    internal static Histogram<double> LockWait { get; } = Meter.CreateHistogram<double>("tally.lock.wait", "s", "Time until a transaction had its accounts' and days' locks.");

    internal static Counter<long> Retries { get; } = Meter.CreateCounter<long>("tally.database.retries", "{retry}", "Work done again after a transient fault of the database.");

    internal static Counter<long> DaysRebuilt { get; } = Meter.CreateCounter<long>("tally.days.rebuilt", "{day}", "Days rebuilt from their raw events, by outcome.");

    internal static Histogram<double> BackfillLag { get; } = Meter.CreateHistogram<double>("tally.backfill.lag", "s", "Time from a backfill's request to the split of one of its ranges.");

    internal static Counter<long> DriftedDays { get; } = Meter.CreateCounter<long>("tally.rollups.drifted_days", "{day}", "Covered days whose rollups were not what the raw events said.");

    internal static Counter<long> CountPages { get; } = Meter.CreateCounter<long>("tally.value_stream.pages", "{page}", "Pages of value stream counts that were committed.");

    internal static Counter<long> BillingRowsChanged { get; } = Meter.CreateCounter<long>("tally.billing.rows_changed", "{row}", "Billing facts inserted, updated or removed.");

    internal static Counter<long> BillingCorrections { get; } = Meter.CreateCounter<long>("tally.billing.corrections", "{correction}", "Changes of facts of closed months, held until the month is reopened.");

    /// <summary>Counts a run of scheduled work.</summary>
    /// <param name="function">The timer's function.</param>
    /// <param name="outcome">How it ended.</param>
    public static void CountRun(string function, RunOutcome outcome)
    {
        Runs.Add(1, new("tally.function", function), new("tally.outcome", NameOf(outcome)));
        if (outcome == RunOutcome.TimeUp) TimeUps.Add(1, new KeyValuePair<string, object?>("tally.function", function));
    }

    /// <summary>Records how long a message had waited.</summary>
    public static void RecordQueueAge(string function, TimeSpan age) =>
        QueueAge.Record(Math.Max(age.TotalSeconds, 0), new KeyValuePair<string, object?>("tally.function", function));

    /// <summary>Records what a queue holds.</summary>
    /// <param name="queue">Its name; a poison queue is one of its own.</param>
    /// <param name="messages">How many messages it has.</param>
    /// <param name="oldest">How long the oldest has waited.</param>
    public static void RecordQueue(string queue, long messages, TimeSpan oldest)
    {
        var name = new KeyValuePair<string, object?>("tally.queue", queue);
        QueueDepth.Record(messages, name);
        QueueOldest.Record(Math.Max(oldest.TotalSeconds, 0), name);
    }

    /// <summary>Begins what a function does for a message or a schedule, as a part of its producer's trace if it has one.</summary>
    /// <remarks>The request is the host's own activity of the invocation: a second of the kind that says so would count each twice.</remarks>
    /// <param name="function">The function.</param>
    /// <param name="traceParent">W3C <c>traceparent</c>; null or unreadable for a trace of its own.</param>
    /// <param name="traceState">W3C <c>tracestate</c>.</param>
    public static Activity? StartFunction(string function, string? traceParent, string? traceState) =>
        ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var parent)
            ? Activities.StartActivity(function, ActivityKind.Internal, parent)
            : Activities.StartActivity(function, ActivityKind.Internal);

    private static string NameOf(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Completed => "completed",
        RunOutcome.TimeUp => "time_up",
        RunOutcome.LeaseHeldElsewhere => "lease_held_elsewhere",
        _ => "nothing_due",
    };
}
