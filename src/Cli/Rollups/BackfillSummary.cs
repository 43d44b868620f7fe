using NodaTime;
using Tally.Cli.Shell;
using Tally.Reporting;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary>How a backfill ended, and what comes next.</summary>
internal sealed class BackfillSummary(CommandContext context)
{
    /// <returns>Whether every day is done.</returns>
    public bool Write(BackfillProgress end)
    {
        var took = end.LastFinishedAt is { } last ? Duration.Max(last - end.Request.RequestedAt, Duration.Zero) : Duration.Zero;
        var seconds = decimal.Round((decimal)took.TotalSeconds, 2);
        context.Output.WriteOne(new SummaryRow(
            end.Request.Id, end.Request.AccountId, end.State, end.DaysTotal, end.DaysDone, end.DaysKept, end.DaysFailed,
            seconds, end.DaysDone == 0 ? 0 : decimal.Round(seconds / end.DaysDone, 3)));

        if (end.State == "completed")
        {
            context.Note($"Backfill complete. Next: 'tally rollups verify --account {end.Request.AccountId}', then let reports read rollups.");
            if (end.DaysKept > 0) context.Note($"{Words.Count(end.DaysKept, "day")} kept as before, since the raw events are gone. --force rebuilds, and loses the totals.");
            return true;
        }

        context.Note(end.State == "cancelled"
            ? $"The request was cancelled. 'tally rollups resume {end.Request.Id}' takes it up again."
            : $"Backfill failed for {Words.Count(end.DaysFailed, "day")}: {end.LastError} Put that right, then 'tally rollups resume {end.Request.Id}'.");
        return false;
    }

    private sealed record SummaryRow(
        Guid Request, long AccountId, string State, int Days, int Done, int Kept, int Failed, decimal Seconds, decimal SecondsPerDay);
}
