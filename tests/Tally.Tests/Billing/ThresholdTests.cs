using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Shouldly;
using Tally.Billing.Refresh;
using Tally.Billing.Thresholds;
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

    private static async Task<IReadOnlyList<UsageAlert>> TickAsync(IServiceProvider worker) => (await worker.GetRequiredService<BillingTick>().RunAsync(None)).Alerts;

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
    public async Task Alerts_that_their_caller_has_delivered_are_told_to_no_other_worker()
    {
        var template = await ServiceWithLimitAsync();
        await World.NotificationAsync(template, units: 8);
        var worker = Worker();
        (await TickAsync(worker)).ShouldHaveSingleItem();

        await worker.GetRequiredService<BillingTick>().ConfirmAsync(None);

        (await TickAsync(Worker())).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_threshold_is_told_once_with_what_was_used()
    {
        var template = await ServiceWithLimitAsync();
        await World.NotificationAsync(template, units: 8);
        var worker = Worker();

        var alert = (await TickAsync(worker)).ShouldHaveSingleItem();
        (alert.ServiceId, alert.FinancialYearStart, alert.Percent, alert.FreeSmsFragmentLimit, alert.ChargeableUnits, alert.CrossedAt)
            .ShouldBe((template.Service.Id, 2024, 80, 10, 8, Clock.GetCurrentInstant().ToDateTimeUtc()));
        (await TickAsync(worker)).ShouldBeEmpty();

        await World.NotificationAsync(template, units: 5);
        (await TickAsync(worker)).ShouldHaveSingleItem().Percent.ShouldBe(100);
        (await TickAsync(worker)).ShouldBeEmpty();
        (await ScalarAsync<long>("SELECT count(*) FROM billing.usage_thresholds WHERE sent_at IS NOT NULL")).ShouldBe(2);
    }

    [Fact]
    public async Task An_alert_whose_worker_died_is_handed_over_again_under_the_same_id()
    {
        await World.NotificationAsync(await ServiceWithLimitAsync(), units: 8);

        var first = (await TickAsync(Worker())).ShouldHaveSingleItem();
        var next = Worker();
        (await TickAsync(next)).ShouldHaveSingleItem().ShouldBe(first);

        (await TickAsync(next)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_alert_of_a_refresh_by_hand_is_delivered_by_the_next_tick()
    {
        await World.NotificationAsync(await ServiceWithLimitAsync(), units: 8);
        await RefreshAsync(Today);

        (await TickAsync(Worker())).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_tick_that_finds_the_schedule_taken_hands_nothing_over()
    {
        await World.NotificationAsync(await ServiceWithLimitAsync(), units: 8);
        await RefreshAsync(Today);
        await Get<RefreshLease>().TakeAsync(None);

        (await TickAsync(Worker())).ShouldBeEmpty();

        (await ScalarAsync<long>("SELECT count(*) FROM billing.usage_thresholds WHERE handed_over_at IS NOT NULL")).ShouldBe(0);
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
