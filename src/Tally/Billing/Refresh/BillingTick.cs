using Microsoft.Extensions.Options;
using Tally.Billing.Thresholds;
using Tally.Scheduling;

namespace Tally.Billing.Refresh;

/// <summary>What a tick did.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Alerts">The alerts to deliver; they count as sent once this process ticks again, or says so.</param>
public sealed record BillingTickResult(RunOutcome Outcome, IReadOnlyList<UsageAlert> Alerts);

/// <summary>What the timer does: refresh what is due, then hand over the alerts that came of it.</summary>
public sealed class BillingTick
{
    private readonly ScheduledRefresh _refresh;
    private readonly AlertOutbox _outbox;
    private readonly IOptions<BillingOptions> _options;
    private readonly TimeProvider _timeProvider;

    internal BillingTick(ScheduledRefresh refresh, AlertOutbox outbox, IOptions<BillingOptions> options, TimeProvider timeProvider) =>
        (_refresh, _outbox, _options, _timeProvider) = (refresh, outbox, options, timeProvider);

    /// <summary>One tick within <c>Billing:MaxRuntime</c>.</summary>
    /// <exception cref="RefreshFailedException">Some days could not be refreshed. Alerts wait for the next tick.</exception>
    public async Task<BillingTickResult> RunAsync(CancellationToken cancellationToken)
    {
        var limiter = new RuntimeLimiter(_options.Value.MaxRuntime, _timeProvider);
        var outcome = await _refresh.RunAsync(limiter, cancellationToken);
        Telemetry.CountRun("RefreshBilling", outcome);
        return new BillingTickResult(outcome, outcome is RunOutcome.LeaseHeldElsewhere ? [] : await _outbox.HandOverAsync(cancellationToken));
    }

    /// <summary>For a caller that has delivered the alerts of its last tick itself: they are sent.</summary>
    public Task ConfirmAsync(CancellationToken cancellationToken) => _outbox.ConfirmAsync(cancellationToken);
}
