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
public sealed class ScheduledRefresh
{
    private readonly RefreshLease _lease;
    private readonly RefreshRuns _runs;
    private readonly DayRun _dayRun;
    private readonly ThresholdRecorder _thresholds;
    private readonly RunRecordPurger _records;
    private readonly IClock _clock;
    private readonly IOptions<BillingOptions> _options;
    private readonly ILogger<ScheduledRefresh> _logger;

    internal ScheduledRefresh(
        RefreshLease lease, RefreshRuns runs, DayRun dayRun, ThresholdRecorder thresholds, RunRecordPurger records, IClock clock, IOptions<BillingOptions> options, ILogger<ScheduledRefresh> logger)
    {
        (_lease, _runs, _dayRun, _thresholds, _records) = (lease, runs, dayRun, thresholds, records);
        (_clock, _options, _logger) = (clock, options, logger);
    }

    /// <summary>Refreshes what is due.</summary>
    /// <param name="limiter">The time box.</param>
    /// <param name="cancellationToken">Ends the tick with an exception; the day at hand is undone.</param>
    /// <returns>
    /// <see cref="RunOutcome.Completed"/>, <see cref="RunOutcome.TimeUp"/> or <see cref="RunOutcome.LeaseHeldElsewhere"/>; and one
    /// exception for each day that could not be refreshed, which is due again in the next night.
    /// </returns>
    internal async Task<(RunOutcome Outcome, IReadOnlyList<Exception> Failures)> RunAsync(RuntimeLimiter limiter, CancellationToken cancellationToken)
    {
        if (await _lease.TakeAsync(cancellationToken) is not { } lease)
        {
            Log.LeaseHeldElsewhere(_logger);
            return (RunOutcome.LeaseHeldElsewhere, []);
        }

        var failures = new List<Exception>();
        var outcome = await LeasedWork.RunAsync(
            async token =>
            {
                var years = new HashSet<int> { _clock.TodayUtc().Year };
                var ended = await WorkAsync(lease, limiter, failures, years, token);
                await _thresholds.RecordAsync(years, token);
                await _records.RemoveAsync(token);
                await _lease.ReleaseAsync(lease, token);
                return ended;
            },
            token => _lease.ReleaseAsync(lease, token),
            cancellationToken);
        if (outcome == RunOutcome.LeaseHeldElsewhere) Log.LeaseHeldElsewhere(_logger);
        else Log.TickEnded(_logger, outcome);
        return (outcome, failures);
    }

    private async Task<RunOutcome> WorkAsync(
        Lease lease, RuntimeLimiter limiter, List<Exception> failures, HashSet<int> years, CancellationToken cancellationToken)
    {
        var now = _clock.GetCurrentInstant();
        Task<bool> WorkOffAsync(Guid runId, RuntimeLimiter? box) => _dayRun.WorkOffAsync(
            new RebuildRequest(runId, Services: null, Force: false, lease), box, failures, result => years.Add(result.LocalDate.Year), cancellationToken);

        var today = await _runs.OpenAsync("today", [now.InUtc().Date], cancellationToken: cancellationToken);
        await WorkOffAsync(today!.Value, box: null);

        // An unfinished night is finished first; the nights that fell due meanwhile are then one run. The box is asked
        // after a day of a night, never before the first: however small it is, each tick gets one day further.
        while (await NightAsync(now, cancellationToken) is { } night)
            if (limiter.WasOverTime || !await WorkOffAsync(night, limiter)) return RunOutcome.TimeUp;
        return RunOutcome.Completed;
    }

    private async Task<Guid?> NightAsync(Instant now, CancellationToken cancellationToken)
    {
        var last = await _runs.LastNightAsync(cancellationToken);
        if (last is { FinishedAt: null }) return last.Id;

        var due = Nights.LatestDue(now, _options.Value.NightlyHourUtc);
        var days = Nights.DaysToRefresh(due, last?.Night, _options.Value.NightlyDays).ToList();
        if (days.Count == 0) return null;
        var failed = last is null ? [] : await _runs.FailedAsync(last.Id, cancellationToken);
        return await _runs.OpenAsync("nightly", days.Union(failed), night: due, cancellationToken: cancellationToken);
    }
}
