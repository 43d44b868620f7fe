using NodaTime;

namespace Tally.Reporting.Reports;

/// <summary>Where numbers came from.</summary>
internal enum ReportSource
{
    Raw,
    Rollup,

    /// <summary>Some days from rollups, the rest from raw events.</summary>
    Mixed,
}

/// <summary>Days that were answered from one source, both ends included; a day that the range cuts is one of them.</summary>
internal sealed record ReportPart(ReportSource Source, LocalDate From, LocalDate To);

/// <summary>What every report says of itself.</summary>
internal abstract record Report
{
    public required ReportSource Source { get; init; }

    /// <summary>Whether every day of the range, in the account's zone, is covered by rollups. Numbers are right either way.</summary>
    public required bool Covered { get; init; }

    /// <summary>Which source served which days.</summary>
    public required IReadOnlyList<ReportPart> Parts { get; init; }

    /// <summary>
    /// Days whose raw events were purged and whose totals do not fit the question: the range or a bucket cuts them. What
    /// was purged of them is missing from the numbers.
    /// </summary>
    public required IReadOnlyList<LocalDate> MissingDays { get; init; }
}

/// <summary>A metric over a range and over time.</summary>
internal sealed record SeriesReport : Report
{
    /// <summary>The number of the whole range: seconds of an average, null without an event; else a count.</summary>
    public required decimal? Aggregate { get; init; }

    /// <summary>Every bucket of the range in order, also those without events.</summary>
    public required IReadOnlyList<SeriesPoint> Series { get; init; }
}

/// <summary>A bucket of a series.</summary>
/// <param name="Start">Where the bucket begins in the request's zone; the first may begin before the range.</param>
/// <param name="Local">The same on the zone's clock; midnight, but for hours.</param>
/// <param name="Value">Seconds of an average, 0 without an event; else the count.</param>
/// <param name="Count">What was counted, or averaged.</param>
internal sealed record SeriesPoint(Instant Start, LocalDateTime Local, decimal Value, long Count);

/// <summary>All agents, or all inboxes, with an event in the range.</summary>
internal sealed record SummaryReport : Report
{
    /// <summary>By id.</summary>
    public required IReadOnlyList<SummaryRow> Rows { get; init; }
}

/// <summary>One agent or inbox. Averages are seconds, null without an event.</summary>
internal sealed record SummaryRow
{
    public required long Id { get; init; }

    public required long ResolvedConversationsCount { get; init; }

    public required decimal? AverageResolutionTime { get; init; }

    public required decimal? AverageFirstResponseTime { get; init; }

    public required decimal? AverageReplyTime { get; init; }
}
