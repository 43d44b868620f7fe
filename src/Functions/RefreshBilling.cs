using Microsoft.Azure.Functions.Worker;
using Tally.Billing.Refresh;

namespace Tally.Functions;

/// <summary>Brings the billing facts of today, and once a night of the last closed days, up to date; tells who has used up an allowance.</summary>
public sealed class RefreshBilling(BillingTick tick)
{
    [Function(nameof(RefreshBilling))]
    public Task RunAsync([TimerTrigger(Schedules.Billing)] TimerInfo timer, CancellationToken cancellationToken) => tick.RunAsync(cancellationToken);
}
