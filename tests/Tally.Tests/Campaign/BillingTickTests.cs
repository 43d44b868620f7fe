using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Tally.Billing.Refresh;
using Tally.Billing.Thresholds;
using Tally.Campaign.Billing;
using Tally.Tests.Billing;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Campaign;

/// <summary>The tick that ends a billing campaign, whose alerts are judged.</summary>
public sealed class BillingTickTests(TestDatabase database) : BillingTest(database)
{
    [Fact]
    public async Task It_waits_for_the_lease_of_who_was_killed_and_then_sends_what_is_unsent()
    {
        var service = (await World.TemplateAsync()).Service.Id;
        await ExecuteAsync(
            """
            INSERT INTO billing.usage_thresholds (service_id, financial_year_start, percent, free_sms_fragment_limit, chargeable_units, crossed_at)
            VALUES (@service, 2024, 80, 10, 8, now())
            """,
            new { service });
        (await Worker().GetRequiredService<RefreshLease>().TakeAsync(None)).ShouldNotBeNull();
        await ExecuteAsync("UPDATE billing.refresh_lease SET lease_until = clock_timestamp() + interval '2 seconds'");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));

        await BillingCampaign.TickAsync(Worker().GetRequiredService<BillingRefresher>(), limit.Token);

        Sender.Take<UsageAlert>(QueueNames.BillingAlerts).ShouldHaveSingleItem().ServiceId.ShouldBe(service);
    }
}
