using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Refresh;
using Tally.Billing.Thresholds;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class ThresholdTests(TestDatabase database) : BillingTest(database)
{
    private static readonly LocalDate Today = new(2024, 6, 15);

    private async Task<Template> ServiceWithLimitAsync(int limit = 10)
    {
        await World.RateAsync(0.01m, Instant.FromUtc(2024, 1, 1, 0, 0));
        var template = await World.TemplateAsync();
        await World.LimitAsync(template.Service, 2024, limit);
        return template;
    }

    private async Task<IReadOnlyList<UsageAlert>> TickAsync(IServiceProvider worker)
    {
        await worker.GetRequiredService<BillingRefresher>().RunAsync(RuntimeLimiter.OverAfter(int.MaxValue), None);
        return Sender.Take<UsageAlert>(QueueNames.BillingAlerts);
    }

    private Task<string> RecordedAsync() => ScalarAsync<string>("SELECT coalesce(string_agg(percent || '%', ' ' ORDER BY percent), '') FROM billing.usage_thresholds");

    [Theory]
    [InlineData(7, 1, "")]
    [InlineData(8, 1, "80%")]
    [InlineData(4, 2, "80%")]
    [InlineData(9, 1, "80%")]
    [InlineData(10, 1, "80% 100%")]
    public async Task A_share_of_the_allowance_is_reached_in_chargeable_units(int units, int multiplier, string recorded)
    {
        var template = await ServiceWithLimitAsync();
        await World.NotificationAsync(template, units: units, multiplier: multiplier);

        await RefreshAsync(Today);

        (await RecordedAsync()).ShouldBe(recorded);
    }

    [Fact]
    public async Task A_threshold_is_told_once_with_what_was_used()
    {
        var template = await ServiceWithLimitAsync();
        await World.NotificationAsync(template, units: 8);
        var worker = Worker();

        var alert = (await TickAsync(worker)).ShouldHaveSingleItem();
        (alert.ServiceId, alert.FinancialYearStart, alert.Percent, alert.FreeSmsFragmentLimit, alert.ChargeableUnits, alert.CrossedAt)
            .ShouldBe((template.Service.Id, 2024, 80, 10, 8, Clock.GetCurrentInstant()));
        (await TickAsync(worker)).ShouldBeEmpty();

        await World.NotificationAsync(template, units: 5);
        (await TickAsync(Worker())).ShouldHaveSingleItem().Percent.ShouldBe(100);
        (await TickAsync(worker)).ShouldBeEmpty();
        (await ScalarAsync<long>("SELECT count(*) FROM billing.usage_thresholds WHERE sent_at IS NOT NULL")).ShouldBe(2);
    }

    [Fact]
    public async Task An_alert_that_the_queue_service_did_not_take_is_sent_by_a_later_tick_under_the_same_id()
    {
        await World.NotificationAsync(await ServiceWithLimitAsync(), units: 8);
        var worker = Worker();
        Sender.IsDown = true;
        await Should.ThrowAsync<IOException>(() => TickAsync(worker));
        await Should.ThrowAsync<IOException>(() => TickAsync(worker));
        (await ScalarAsync<long>("SELECT count(*) FROM billing.usage_thresholds WHERE sent_at IS NOT NULL")).ShouldBe(0, "nothing is marked that nobody has");

        Sender.IsDown = false;
        var alert = (await TickAsync(worker)).ShouldHaveSingleItem();

        alert.Id.ShouldBe(await ScalarAsync<Guid>("SELECT id FROM billing.usage_thresholds"));
        (await TickAsync(worker)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_day_without_a_rate_holds_back_no_other_alert()
    {
        var template = await ServiceWithLimitAsync();
        await World.FactAsync(Today.PlusDays(-40), template, units: 8);
        await ExecuteAsync("DELETE FROM billing.rates");
        await World.NotificationAsync(template, units: 1);

        await Should.ThrowAsync<RefreshFailedException>(() => TickAsync(Worker()));

        Sender.Take<UsageAlert>(QueueNames.BillingAlerts).ShouldHaveSingleItem().Percent.ShouldBe(80);
    }

    [Theory]
    [InlineData(new[] { 5, 10 }, new[] { 5, 10 })]
    [InlineData(new[] { 20, 10 }, new[] { 10 })]
    [InlineData(new[] { 5, 8, 10 }, new[] { 5, 8, 10 })]
    public async Task A_changed_allowance_alerts_again_once_it_is_used_up(int[] limits, int[] told)
    {
        var template = await ServiceWithLimitAsync(limits[0]);
        var worker = Worker();
        var alerts = new List<UsageAlert>();
        foreach (var (index, limit) in limits.Index())
        {
            await ExecuteAsync("UPDATE billing.annual_billing SET free_sms_fragment_limit = @limit", new { limit });
            await World.NotificationAsync(template, units: index == 0 ? 5 : 5 / (limits.Length - 1) + 1);
            alerts.AddRange(await TickAsync(worker));
            alerts.AddRange(await TickAsync(worker));
        }

        alerts.Where(alert => alert.Percent == 100).Select(alert => alert.FreeSmsFragmentLimit).ShouldBe(told);
    }

    [Fact]
    public async Task An_alert_of_a_refresh_by_hand_is_delivered_by_the_next_tick()
    {
        await World.NotificationAsync(await ServiceWithLimitAsync(), units: 8);
        await RefreshAsync(Today);

        (await TickAsync(Worker())).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_tick_that_finds_the_schedule_taken_sends_nothing()
    {
        await World.NotificationAsync(await ServiceWithLimitAsync(), units: 8);
        await RefreshAsync(Today);
        await Get<RefreshLease>().TakeAsync(None);

        (await TickAsync(Worker())).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_tick_that_failed_gives_its_lease_back()
    {
        await ExecuteAsync("ALTER TABLE billing.refresh_run_days RENAME TO away");
        try
        {
            await Should.ThrowAsync<PostgresException>(() => TickAsync(Worker()));
        }
        finally
        {
            await ExecuteAsync("ALTER TABLE billing.away RENAME TO refresh_run_days");
        }

        (await ScalarAsync<bool>("SELECT lease_owner IS NULL FROM billing.refresh_lease")).ShouldBeTrue();
        await TickAsync(Worker());
    }

    [Fact]
    public async Task A_threshold_that_was_committed_and_not_recorded_is_found_by_the_next_tick()
    {
        // The process died between the day's commit and the look at the sums.
        await World.FactAsync(Today.PlusDays(-40), await ServiceWithLimitAsync(), units: 8);

        (await TickAsync(Worker())).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(null)]
    public async Task Without_an_allowance_there_is_nothing_to_cross(int? limit)
    {
        var template = await ServiceWithLimitAsync();
        await ExecuteAsync("DELETE FROM billing.annual_billing");
        if (limit is { } zero) await World.LimitAsync(template.Service, 2024, zero);
        await World.NotificationAsync(template, units: 100);

        await RefreshAsync(Today);

        (await RecordedAsync()).ShouldBe("");
    }

    [Fact]
    public async Task The_percentages_are_configured()
    {
        Worker(("Billing:ThresholdPercents:0", "50"), ("Billing:ThresholdPercents:1", "200"));
        await World.NotificationAsync(await ServiceWithLimitAsync(), units: 19);

        await RefreshAsync(Today);

        (await RecordedAsync()).ShouldBe("50%");
    }
}
