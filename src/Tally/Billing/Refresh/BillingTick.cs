using Microsoft.Extensions.Options;
using Tally.Billing.Thresholds;
using Tally.Scheduling;

namespace Tally.Billing.Refresh;

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
    /// <returns>The alerts to deliver; they count as sent once this process calls again.</returns>
    /// <exception cref="RefreshFailedException">Some days could not be refreshed. Alerts wait for the next tick.</exception>
    public async Task<IReadOnlyList<UsageAlert>> RunAsync(CancellationToken cancellationToken)
    {
        var limiter = new RuntimeLimiter(_options.Value.MaxRuntime, _timeProvider);
        var outcome = await _refresh.RunAsync(limiter, cancellationToken);
        Telemetry.CountRun("RefreshBilling", outcome);
        return outcome is RunOutcome.LeaseHeldElsewhere ? [] : await _outbox.HandOverAsync(cancellationToken);
    }
}
