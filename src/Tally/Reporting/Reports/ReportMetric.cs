using Tally.Reporting.Events;

namespace Tally.Reporting.Reports;

/// <summary>How a report's number comes from events.</summary>
internal enum ReportMetricKind
{
    /// <summary>Seconds per event; missing seconds are 0.</summary>
    Average,

    /// <summary>Events.</summary>
    Count,

    /// <summary>Conversations, each once, however often it has the event in the range or in a bucket.</summary>
    DistinctConversations,

    /// <summary>Events whose conversation was not handed off by the bot anywhere in the range, for the same member.</summary>
    CountWithoutHandoff,
}

/// <summary>A metric of reports, and the rollup metric that holds its daily totals.</summary>
/// <remarks>
/// Averages and counts of a range are sums over its days. The other two are not: a conversation that is handed off on
/// two days is one conversation, and a handoff takes away what its conversation resolved on another day. So these are
/// counted from raw events, and handoffs from rollups only if the range is one day.
/// </remarks>
internal sealed record ReportMetric(string Name, ReportMetricKind Kind, string RollupMetric)
{
    public static ReportMetric AverageFirstResponseTime { get; } = new("avg_first_response_time", ReportMetricKind.Average, "first_response");

    public static ReportMetric AverageResolutionTime { get; } = new("avg_resolution_time", ReportMetricKind.Average, "resolution_time");

    public static ReportMetric ReplyTime { get; } = new("reply_time", ReportMetricKind.Average, "reply_time");

    public static ReportMetric Resolutions { get; } = new("resolutions_count", ReportMetricKind.Count, "resolutions_count");

    public static ReportMetric BotResolutions { get; } = new("bot_resolutions_count", ReportMetricKind.CountWithoutHandoff, "bot_resolutions_count");

    public static ReportMetric BotHandoffs { get; } = new("bot_handoffs_count", ReportMetricKind.DistinctConversations, "bot_handoffs_count");

    public static IReadOnlyList<ReportMetric> All { get; } =
        [AverageFirstResponseTime, AverageResolutionTime, ReplyTime, Resolutions, BotResolutions, BotHandoffs];

    /// <summary>The raw event that the metric is about.</summary>
    public string EventName { get; } = EventMetricRegistry.All.Single(entry => entry.Metric == RollupMetric).EventName;

    /// <summary>Whether the number of a range is the sum over its days.</summary>
    public bool IsAdditive => Kind is ReportMetricKind.Average or ReportMetricKind.Count;

    /// <exception cref="ReportRequestException">There is no such metric; the message lists them.</exception>
    public static ReportMetric Find(string name) => All.FirstOrDefault(metric => metric.Name == name)
        ?? throw new ReportRequestException($"'{name}' is no report metric. Use one of {string.Join(", ", All.Select(metric => metric.Name))}.");
}
