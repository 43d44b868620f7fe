using System.Collections.Frozen;

namespace Tally.Reporting.Events;

/// <summary>What a raw event adds to a metric.</summary>
internal enum MetricKind
{
    /// <summary>One for each event; its seconds are dropped.</summary>
    Count,

    /// <summary>One for each event, and its seconds, in both clocks; missing seconds are 0.</summary>
    Duration,

    /// <summary>One for each conversation of a (day, dimension member), however often it has the event.</summary>
    DistinctConversations,
}

/// <summary>One line of the registry: events called <paramref name="EventName"/> feed <paramref name="Metric"/>.</summary>
internal sealed record EventMetric(string EventName, string Metric, MetricKind Kind);

/// <summary>
/// Which raw events feed which rollup metrics: the one source for applying, rebuilding, verifying and reading.
/// A metric is fed by one event name, so that its rows are never the sum of two groups.
/// </summary>
internal static class EventMetricRegistry
{
    /// <summary>The one event whose count is of distinct conversations. An index of the raw events holds just these.</summary>
    internal const string BotHandoff = "conversation_bot_handoff";

    internal const string BotResolved = "conversation_bot_resolved";

    public static IReadOnlyList<EventMetric> All { get; } =
    [
        new("conversation_resolved", "resolutions_count", MetricKind.Count),
        new("conversation_resolved", "resolution_time", MetricKind.Duration),
        new("first_response", "first_response", MetricKind.Duration),
        new("reply_time", "reply_time", MetricKind.Duration),
        new(BotResolved, "bot_resolutions_count", MetricKind.Count),
        new(BotHandoff, "bot_handoffs_count", MetricKind.DistinctConversations),
    ];

    /// <summary>Every event name that is rolled up, in the registry's order, each once.</summary>
    public static IReadOnlyList<string> EventNames { get; } = [.. All.Select(entry => entry.EventName).Distinct()];

    private static readonly FrozenDictionary<string, EventMetric[]> ByEventName =
        All.GroupBy(entry => entry.EventName).ToFrozenDictionary(group => group.Key, group => group.ToArray());

    /// <summary>The metrics that an event feeds; none for a name that is not rolled up.</summary>
    public static IReadOnlyList<EventMetric> For(string? eventName) =>
        eventName is not null && ByEventName.TryGetValue(eventName, out var metrics) ? metrics : [];

    /// <summary>What a group of <paramref name="count"/> events of one name adds, per metric. Sums are seconds.</summary>
    public static IEnumerable<MetricAmount> Amounts(string? eventName, long? count = 1, decimal? sum = null, decimal? sumInBusinessHours = null) =>
        For(eventName).Select(entry => entry.Kind == MetricKind.Duration
            ? new MetricAmount(entry.Metric, count ?? 0, sum ?? 0, sumInBusinessHours ?? 0)
            : new MetricAmount(entry.Metric, count ?? 0, 0, 0));
}

/// <summary>A count and two sums of seconds, of one metric.</summary>
internal sealed record MetricAmount(string Metric, long Count, decimal SumValue, decimal SumValueBusinessHours);
