using Tally.Billing.Thresholds;
using Tally.Scheduling;

namespace Tally.Billing.Refresh;

/// <summary>What a tick did.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Alerts">Alerts put on their queue.</param>
internal sealed record RefreshResult(RunOutcome Outcome, int Alerts);

/// <summary>What the timer does: refresh what is due, then send the alerts that came of it.</summary>
public sealed class BillingRefresher
{
    private readonly ScheduledRefresh _refresh;
    private readonly AlertSender _alerts;

    internal BillingRefresher(ScheduledRefresh refresh, AlertSender alerts) => (_refresh, _alerts) = (refresh, alerts);

    /// <summary>One tick.</summary>
    /// <param name="limiter">The box.</param>
    /// <param name="cancellationToken">Ends it with an exception; the day at hand is undone.</param>
    /// <exception cref="RefreshFailedException">Some days could not be refreshed; the alerts of all others are sent.</exception>
    internal async Task<RefreshResult> RunAsync(RuntimeLimiter limiter, CancellationToken cancellationToken)
    {
        var (outcome, failures) = await _refresh.RunAsync(limiter, cancellationToken);
        var alerts = outcome == RunOutcome.LeaseHeldElsewhere ? 0 : await _alerts.SendAsync(cancellationToken);
        if (failures.Count > 0) throw new RefreshFailedException(failures);
        return new RefreshResult(outcome, alerts);
    }
}
