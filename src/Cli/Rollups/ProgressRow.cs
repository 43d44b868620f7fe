using NodaTime;
using Tally.Reporting;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary>A backfill request, as results show it.</summary>
internal sealed record ProgressRow(
    Guid Request, long AccountId, LocalDate From, LocalDate To, string State, int Days, int Done, int Kept, int Failed,
    Duration? TimeLeft, Instant RequestedAt, string Reason, string? LastError)
{
    public static ProgressRow Of(BackfillProgress progress) => new(
        progress.Request.Id, progress.Request.AccountId, progress.Request.FromDate, progress.Request.ToDate, progress.State,
        progress.DaysTotal, progress.DaysDone, progress.DaysKept, progress.DaysFailed,
        progress.TimeLeft, progress.Request.RequestedAt, progress.Request.Reason, progress.LastError);
}
