using NodaTime;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;

namespace Tally.Reporting.Reports;

/// <summary>The length of a series' buckets, in the request's zone.</summary>
internal enum ReportPeriod
{
    Hour,
    Day,

    /// <summary>From Sunday.</summary>
    Week,
    Month,
    Year,
}

/// <summary>Where a report may take its numbers from.</summary>
internal enum ReportSourceChoice
{
    /// <summary>Whole covered days from rollups if the account's reports read them, the rest from raw events.</summary>
    Auto,

    /// <summary>Raw events alone.</summary>
    Raw,

    /// <summary>Rollups alone, whether or not the account's reports read them; refused if they cannot answer all of it.</summary>
    Rollup,
}

/// <summary>What every report is asked with.</summary>
internal abstract record ReportRequest
{
    // A century of days, or eleven years of hours: beyond this nobody reads a series, and it would only fill memory.
    internal const int MaxBuckets = 100_000;

    private static readonly Instant Earliest = Instant.FromUtc(1970, 1, 1, 0, 0);
    private static readonly Instant Latest = Instant.FromUtc(2200, 1, 1, 0, 0);

    public required long AccountId { get; init; }

    /// <summary>The first instant of the range.</summary>
    public required Instant From { get; init; }

    /// <summary>The first instant after the range.</summary>
    public required Instant To { get; init; }

    /// <summary>Whether averages are of working hours.</summary>
    public bool BusinessHours { get; init; }

    /// <summary>The zone of the buckets; the account's own if null.</summary>
    public ReportZone? Zone { get; init; }

    public ReportSourceChoice Source { get; init; }

    /// <exception cref="ReportRequestException">The request makes no sense; the message says why.</exception>
    internal virtual void Validate()
    {
        if (From >= To) throw new ReportRequestException($"The range from {From} to {To} is empty: its end must be after its start.");
        if (From < Earliest || To > Latest) throw new ReportRequestException($"The range from {From} to {To} leaves the years 1970 to 2199, which events can have.");
    }
}

/// <summary>A metric over time, of the account, of one agent or of one inbox.</summary>
internal sealed record SeriesRequest : ReportRequest
{
    public required ReportMetric Metric { get; init; }

    public ReportPeriod GroupBy { get; init; } = ReportPeriod.Day;

    /// <summary>One of <see cref="Events.Dimension"/>.</summary>
    public string Dimension { get; init; } = Events.Dimension.Account;

    /// <summary>The agent or inbox; not given for the account. One without events gives zeros.</summary>
    public long? DimensionId { get; init; }

    /// <summary>The key that rollups have.</summary>
    internal long MemberId => DimensionId ?? AccountId;

    internal override void Validate()
    {
        base.Validate();
        if (Dimension is not (Events.Dimension.Account or Events.Dimension.Agent or Events.Dimension.Inbox))
            throw new ReportRequestException($"'{Dimension}' is no dimension of reports. Use account, agent or inbox.");
        if (Dimension == Events.Dimension.Account && MemberId != AccountId)
            throw new ReportRequestException($"Dimension 'account' is account {AccountId} itself and takes no other id. Use dimension 'agent' or 'inbox' for {MemberId}.");
        if (Dimension != Events.Dimension.Account && DimensionId is null)
            throw new ReportRequestException($"Dimension '{Dimension}' needs the id of an {Dimension}.");
    }
}

/// <summary>All agents, or all inboxes, side by side.</summary>
internal sealed record SummaryRequest : ReportRequest
{
    /// <summary><see cref="Events.Dimension.Agent"/> or <see cref="Events.Dimension.Inbox"/>.</summary>
    public required string Dimension { get; init; }

    internal override void Validate()
    {
        base.Validate();
        if (Dimension is not (Events.Dimension.Agent or Events.Dimension.Inbox))
            throw new ReportRequestException($"'{Dimension}' is no dimension of summaries. Use agent or inbox.");
    }
}

/// <summary>A report cannot be given as it was asked for; the message says why and what to ask instead.</summary>
internal sealed class ReportRequestException(string message) : OperatorException(message);
