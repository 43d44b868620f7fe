using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;
using Tally.Billing.Thresholds;
using Tally.Scheduling;

namespace Tally.Billing.Refresh;

/// <summary>
/// One tick of the schedule: today, then the night's closed days if a night is due or unfinished, within a time box and
/// alone by a lease. What the box cuts off goes on with the next tick.
/// </summary>
internal sealed class ScheduledRefresh(
    RefreshLease schedule, RefreshLog runs, RefreshWorker worker, ThresholdRecorder thresholds, RefreshRecordPurger records, IClock clock, IOptions<BillingOptions> options, ILogger<ScheduledRefresh> logger)
{
    /// <summary>Refreshes what is due.</summary>
    /// <param name="limiter">The time box.</param>
    /// <param name="cancellationToken">Ends the tick with an exception; the day at hand is undone.</param>
    /// <returns>
    /// <see cref="RunOutcome.Completed"/>, <see cref="RunOutcome.TimeUp"/> or <see cref="RunOutcome.LeaseHeldElsewhere"/>; and one
    /// exception for each day that could not be refreshed, which is due again in the next night.
    /// </returns>
    internal async Task<(RunOutcome Outcome, IReadOnlyList<Exception> Failures)> RunAsync(RuntimeLimiter limiter, CancellationToken cancellationToken)
    {
        if (await schedule.TakeAsync(cancellationToken) is not { } lease)
        {
            Log.LeaseHeldElsewhere(logger);
            return (RunOutcome.LeaseHeldElsewhere, []);
        }

        var failures = new List<Exception>();
        var outcome = await LeasedWork.RunAsync(
            async token =>
            {
                var years = new HashSet<int> { clock.TodayUtc().Year };
                var ended = await WorkAsync(lease, limiter, failures, years, token);
                await thresholds.RecordAsync(years, token);
                await records.RemoveAsync(token);
                await schedule.ReleaseAsync(lease, token);
                return ended;
            },
            token => schedule.ReleaseAsync(lease, token),
            cancellationToken);
        if (outcome == RunOutcome.LeaseHeldElsewhere) Log.LeaseHeldElsewhere(logger);
        else Log.TickEnded(logger, outcome);
        return (outcome, failures);
    }

    private async Task<RunOutcome> WorkAsync(
        Lease lease, RuntimeLimiter limiter, List<Exception> failures, HashSet<int> years, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        Task<bool> WorkOffAsync(Guid runId, RuntimeLimiter? box) => worker.WorkOffAsync(
            new RebuildRequest(runId, Services: null, Force: false, lease), box, failures, result => years.Add(result.LocalDate.Year), cancellationToken);

        var today = await runs.OpenAsync("today", [now.InUtc().Date], cancellationToken: cancellationToken);
        await WorkOffAsync(today!.Value, box: null);

        // An unfinished night is finished first; the nights that fell due meanwhile are then one run. The box is asked
        // after a day of a night, never before the first: however small it is, each tick gets one day further.
        while (await NightAsync(now, cancellationToken) is { } night)
            if (limiter.WasOverTime || !await WorkOffAsync(night, limiter)) return RunOutcome.TimeUp;
        return RunOutcome.Completed;
    }

    private async Task<Guid?> NightAsync(Instant now, CancellationToken cancellationToken)
    {
        var last = await runs.LastNightAsync(cancellationToken);
        if (last is { FinishedAt: null }) return last.Id;

        var due = Nights.LatestDue(now, options.Value.NightlyHourUtc);
        var days = Nights.DaysToRefresh(due, last?.Night, options.Value.NightlyDays).ToList();
        if (days.Count == 0) return null;
        var failed = last is null ? [] : await runs.FailedAsync(last.Id, cancellationToken);
        return await runs.OpenAsync("nightly", days.Union(failed), night: due, cancellationToken: cancellationToken);
    }
}
