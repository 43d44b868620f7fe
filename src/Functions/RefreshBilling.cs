using Microsoft.Azure.Functions.Worker;
using Tally.Billing.Refresh;
using Tally.Billing.Thresholds;

namespace Tally.Functions;

/// <summary>Brings the billing facts of today, and once a night of the last closed days, up to date; tells who has used up an allowance.</summary>
public sealed class RefreshBilling(BillingTick tick)
{
    [Function(nameof(RefreshBilling))]
    [QueueOutput(QueueNames.BillingAlerts, Connection = QueueNames.Connection)]
    public async Task<UsageAlert[]> RunAsync([TimerTrigger(Schedules.Billing)] TimerInfo timer, CancellationToken cancellationToken) =>
        [.. (await tick.RunAsync(cancellationToken)).Alerts];
}
