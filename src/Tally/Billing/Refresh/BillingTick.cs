using Microsoft.Extensions.Options;
using Tally.Billing.Thresholds;
using Tally.Scheduling;

namespace Tally.Billing.Refresh;

/// <summary>What a tick did.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Alerts">Alerts put on their queue.</param>
public sealed record BillingTickResult(RunOutcome Outcome, int Alerts);

/// <summary>What the timer does: refresh what is due, then send the alerts that came of it.</summary>
public sealed class BillingTick
{
    private readonly ScheduledRefresh _refresh;
    private readonly AlertSender _alerts;
    private readonly IOptions<BillingOptions> _options;
    private readonly TimeProvider _timeProvider;

    internal BillingTick(ScheduledRefresh refresh, AlertSender alerts, IOptions<BillingOptions> options, TimeProvider timeProvider) =>
        (_refresh, _alerts, _options, _timeProvider) = (refresh, alerts, options, timeProvider);

    /// <summary>One tick within <c>Billing:MaxRuntime</c>.</summary>
    /// <exception cref="RefreshFailedException">Some days could not be refreshed; the alerts of all others are sent.</exception>
    public async Task<BillingTickResult> RunAsync(CancellationToken cancellationToken)
    {
        var limiter = new RuntimeLimiter(_options.Value.MaxRuntime, _timeProvider);
        var (outcome, failures) = await _refresh.RunAsync(limiter, cancellationToken);
        var alerts = outcome == RunOutcome.LeaseHeldElsewhere ? 0 : await _alerts.SendAsync(cancellationToken);
        if (failures.Count > 0) throw new RefreshFailedException(failures);
        Telemetry.CountRun("RefreshBilling", outcome);
        return new BillingTickResult(outcome, alerts);
    }
}
