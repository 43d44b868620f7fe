using NodaTime;
using Tally.Billing.Thresholds;

namespace Tally.Billing.Refresh;

/// <summary>Refreshes days by hand, outside the schedule.</summary>
internal sealed class ManualRefresh(RefreshLog runs, RefreshWorker dayRun, ThresholdRecorder thresholds)
{
    /// <summary>Rebuilds the facts of the days, the latest first, each in its own transaction.</summary>
    /// <param name="days">UTC days, in any order.</param>
    /// <param name="services">Only these services; null for all.</param>
    /// <param name="force">Also empty facts of services whose messages have been purged.</param>
    /// <param name="onDay">Called after each day.</param>
    /// <param name="cancellationToken">Ends between or within days; a day is done or untouched.</param>
    /// <returns>One result per day, in the order of work.</returns>
    /// <exception cref="RefreshFailedException">Some days could not be refreshed; all others are.</exception>
    public async Task<IReadOnlyList<RefreshedDay>> RefreshAsync(
        IReadOnlyCollection<LocalDate> days, IReadOnlyCollection<Guid>? services = null, bool force = false, Action<RefreshedDay>? onDay = null, CancellationToken cancellationToken = default)
    {
        var runId = await runs.OpenAsync("manual", days.Distinct(), services: services, forced: force, cancellationToken: cancellationToken);
        var results = new List<RefreshedDay>();
        var failures = new List<Exception>();
        await dayRun.WorkOffAsync(
            new RebuildRequest(runId!.Value, services, force, Lease: null), limiter: null, failures,
            result =>
            {
                results.Add(result);
                onDay?.Invoke(result);
            },
            cancellationToken);
        await thresholds.RecordAsync(days.Select(day => day.Year), cancellationToken);
        return failures.Count == 0 ? results : throw new RefreshFailedException(failures);
    }
}
