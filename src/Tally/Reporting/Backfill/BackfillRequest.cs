using NodaTime;
using Tally.Reporting.Accounts;

namespace Tally.Reporting.Backfill;

/// <summary>A row of <c>reporting.backfill_requests</c>: days of an account that are to be rebuilt.</summary>
internal sealed record BackfillRequest
{
    public required Guid Id { get; init; }

    public required long AccountId { get; init; }

    public required LocalDate FromDate { get; init; }

    public required LocalDate ToDate { get; init; }

    /// <summary>Days of the range that held events or rollups when the request was made.</summary>
    public required int DaysTotal { get; init; }

    /// <summary>Whether the days' bases are dropped: an operator's own act, which loses what was removed for good.</summary>
    public bool DropsBases { get; init; }

    /// <summary>Who or what asked, in a few words.</summary>
    public required string Reason { get; init; }

    public required Instant RequestedAt { get; init; }

    public Instant? CancelledAt { get; init; }

    /// <summary>A request for these days, ascending, and those between that are there too.</summary>
    internal static BackfillRequest Of(long accountId, IReadOnlyList<LocalDate> dates, string reason, Instant now) => new()
    {
        Id = Guid.CreateVersion7(now.ToDateTimeOffset()),
        AccountId = accountId,
        FromDate = dates[0],
        ToDate = dates[^1],
        DaysTotal = dates.Count,
        Reason = reason,
        RequestedAt = now,
    };

    /// <summary>The message that sets the request going, on <see cref="QueueNames.ReportingBackfills"/>.</summary>
    public BackfillMessage ToMessage() => ToMessage(FromDate, ToDate);

    internal BackfillMessage ToMessage(LocalDate from, LocalDate to) =>
        new() { RequestId = Id, AccountId = AccountId, From = from.ToDateOnly(), To = to.ToDateOnly() };
}

/// <summary>How far a request has come.</summary>
internal sealed record BackfillProgress
{
    public required BackfillRequest Request { get; init; }

    /// <summary>Days rebuilt, found right, or kept.</summary>
    public required int DaysDone { get; init; }

    /// <summary>Of those done: their raw events are gone, and what the rollups held became the base.</summary>
    public required int DaysKept { get; init; }

    public required int DaysFailed { get; init; }

    public string? LastError { get; init; }

    public Instant? LastFinishedAt { get; init; }

    public int DaysTotal => Math.Max(Request.DaysTotal, DaysDone);

    /// <summary><c>running</c>, <c>completed</c> or <c>cancelled</c>.</summary>
    public string State => DaysDone >= DaysTotal ? "completed" : Request.CancelledAt is null ? "running" : "cancelled";

    /// <summary>How long the rest takes at the pace so far; null before the first day is done and after the last.</summary>
    public Duration? TimeLeft => State == "running" && DaysDone > 0 && LastFinishedAt is { } last && last > Request.RequestedAt
        ? (last - Request.RequestedAt) * (DaysTotal - DaysDone) / DaysDone
        : null;
}

/// <summary>What a backfill would do.</summary>
internal sealed record BackfillPlan
{
    public required Account Account { get; init; }

    /// <summary>The first and last event of the account, whatever their names; null if it has none.</summary>
    public Instant? FirstEvent { get; init; }

    public Instant? LastEvent { get; init; }

    public LocalDate? From { get; init; }

    public LocalDate? To { get; init; }

    /// <summary>Why there is nothing to do; null if there is something.</summary>
    public string? Nothing { get; init; }

    /// <summary>The last day of the default range: yesterday in the account's zone.</summary>
    public required LocalDate Yesterday { get; init; }

    /// <summary>Days of the range that have events, rollups or a state: what there is to rebuild.</summary>
    public int DayCount { get; init; }
}
