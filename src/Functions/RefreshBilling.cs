using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using Tally.Billing;
using Tally.Billing.Refresh;
using Tally.Scheduling;

namespace Tally.Functions;

/// <summary>Brings the billing facts of today, and once a night of the last closed days, up to date; tells who has used up an allowance.</summary>
public sealed class RefreshBilling(BillingRefresher tick, ScheduledRun run, IOptions<BillingOptions> options)
{
    [Function(nameof(RefreshBilling))]
    public Task RunAsync([TimerTrigger(Schedules.Billing)] TimerInfo timer, CancellationToken cancellationToken) => run.RunAsync(
        nameof(RefreshBilling), options.Value.MaxRuntime, async (limiter, token) => (await tick.RunAsync(limiter, token)).Outcome, cancellationToken);
}
