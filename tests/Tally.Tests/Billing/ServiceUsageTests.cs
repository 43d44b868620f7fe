using NodaTime;
using Shouldly;
using Tally.Billing.Refresh;
using Tally.Billing.Reports;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class ServiceUsageTests(TestDatabase database) : BillingTest(database)
{
    private ServiceUsage Usage => Get<ServiceUsage>();

    private async Task<Service> FixtureYAsync()
    {
        var service = await World.ServiceAsync();
        var (sms, email) = (await World.TemplateAsync("sms", service), await World.TemplateAsync("email", service));
        LocalDate[] outside = [new(2015, 12, 31), new(2017, 1, 1)];
        LocalDate[] within = [new(2016, 1, 1), new(2016, 1, 31), new(2016, 12, 6), new(2016, 12, 31)];
        foreach (var day in outside.Concat(within))
        {
            await World.FactAsync(day, sms, rate: within.Contains(day) ? 0.162m : 0.163m);
            await World.FactAsync(day, email, units: 0);
        }

        return service;
    }

    [Fact]
    public async Task Months_show_email_before_sms_and_use_the_allowance_up()
    {
        var service = await FixtureYAsync();
        await World.LimitAsync(service, 2016, 1);

        (await Usage.FetchMonthlyAsync(service.Id, 2016, None)).ShouldBe(
        [
            Month(1, "email", 0, sent: 2, units: 0, cost: 0, free: 0, charged: 0),
            Month(1, "sms", 0.162m, sent: 2, units: 2, cost: 0.162m, free: 1, charged: 1),
            Month(12, "email", 0, sent: 2, units: 0, cost: 0, free: 0, charged: 0),
            Month(12, "sms", 0.162m, sent: 2, units: 2, cost: 0.324m, free: 0, charged: 2),
        ]);

        static MonthlyUsage Month(int month, string type, decimal rate, long sent, long units, decimal cost, long free, long charged) => new()
        {
            Rate = rate, NotificationType = type, Month = new LocalDate(2016, month, 1), NotificationsSent = sent, ChargeableUnits = units,
            Cost = cost, FreeAllowanceUsed = free, ChargedUnits = charged, AllowanceMissing = false,
        };
    }

    [Fact]
    public async Task Totals_within_the_allowance_cost_nothing()
    {
        var service = await FixtureYAsync();
        await World.LimitAsync(service, 2016, 1000);

        (await Usage.FetchTotalsAsync(service.Id, 2016, None)).ShouldBe(
        [
            Total("email", 0, sent: 4, units: 0, cost: 0, free: 0, charged: 0),
            Total("sms", 0.162m, sent: 4, units: 4, cost: 0, free: 4, charged: 0),
        ]);
    }

    [Fact]
    public async Task Another_years_allowance_does_not_matter()
    {
        var service = await FixtureYAsync();
        await World.LimitAsync(service, 2016, 400);
        await World.LimitAsync(service, 2017, 0);

        var sms = (await Usage.FetchTotalsAsync(service.Id, 2016, None))[1];
        (sms.ChargeableUnits, sms.Cost).ShouldBe((4, 0));
    }

    [Fact]
    public async Task A_read_does_not_write_today_and_shows_it_once_refreshed()
    {
        Clock.Reset(Instant.FromUtc(2018, 8, 1, 13, 30));
        var template = await World.TemplateAsync();
        await World.RateAsync(0.158m, Instant.FromUtc(2018, 7, 31, 13, 30));
        await World.LimitAsync(template.Service, 2018, 1000);
        for (var day = 1; day <= 31; day++) await World.FactAsync(new LocalDate(2018, 7, day), template);
        await World.NotificationAsync(template);

        (await Usage.FetchMonthlyAsync(template.Service.Id, 2018, None)).ShouldHaveSingleItem();
        (await FactsAsync()).Count.ShouldBe(31);

        await RefreshAsync(new LocalDate(2018, 8, 1));

        (await FactsAsync()).Count.ShouldBe(32);
        (await Usage.FetchMonthlyAsync(template.Service.Id, 2018, None)).Select(row => (row.Month.Month, row.Rate)).ShouldBe([(7, 0m), (8, 0.158m)]);
    }

    [Fact]
    public async Task Forced_emptying_of_one_services_day_leaves_the_rest()
    {
        var (first, second) = (await World.ServiceAsync(), await World.ServiceAsync());
        var sms = await World.TemplateAsync("sms", first);
        await World.FactAsync(new LocalDate(2018, 1, 1), sms, units: 1);
        await World.FactAsync(new LocalDate(2018, 1, 1), await World.TemplateAsync("email", first), units: 2);
        await World.FactAsync(new LocalDate(2018, 1, 1), await World.TemplateAsync("sms", second), units: 4);
        await World.FactAsync(new LocalDate(2018, 1, 2), sms, units: 3);

        var result = await Get<ManualRefresh>().RefreshAsync([new LocalDate(2018, 1, 1)], [first.Id], force: true);

        result.ShouldHaveSingleItem().Removed.ShouldBe(2);
        (await FactsAsync()).Select(fact => fact.BillableUnits).ShouldBe([4, 3]);
    }

    [Fact]
    public async Task The_worked_example_of_two_rates_and_a_multiplier()
    {
        var template = await World.WorkedExampleAsync();

        (await Usage.FetchTotalsAsync(template.Service.Id, 2024, None)).ShouldBe(
        [
            Total("sms", 0.0150m, sent: 90, units: 115, cost: 0.2250m, free: 100, charged: 15),
            Total("sms", 0.0200m, sent: 40, units: 40, cost: 0.8000m, free: 0, charged: 40),
        ]);
        (await Usage.FetchMonthlyAsync(template.Service.Id, 2024, None))
            .Select(row => (row.Month.Month, row.Rate, row.NotificationsSent, row.ChargeableUnits, row.FreeAllowanceUsed, row.ChargedUnits, row.Cost)).ShouldBe(
        [
            (1, 0.0150m, 70, 90, 90, 0, 0),
            (2, 0.0150m, 20, 25, 10, 15, 0.2250m),
            (4, 0.0200m, 40, 40, 0, 40, 0.8000m),
        ]);
        (await Usage.FetchSmsAsync(template.Service.Id, 2024, None))
            .Select(row => (row.LocalDate, row.FreeAllowanceUsed, row.ChargedUnits, row.Cost)).ShouldBe(
        [
            (new LocalDate(2024, 1, 10), 60, 0, 0),
            (new LocalDate(2024, 1, 20), 30, 0, 0),
            (new LocalDate(2024, 2, 3), 10, 15, 0.2250m),
            (new LocalDate(2024, 4, 1), 0, 40, 0.8000m),
        ]);
    }

    [Fact]
    public async Task A_month_with_two_rates_is_windowed_day_by_day()
    {
        var template = await World.TemplateAsync();
        await World.LimitAsync(template.Service, 2024, 12);
        await World.FactAsync(new LocalDate(2024, 3, 5), template, rate: 0.01m, units: 10);
        await World.FactAsync(new LocalDate(2024, 3, 10), template, rate: 0.02m, units: 10);
        await World.FactAsync(new LocalDate(2024, 3, 15), template, rate: 0.01m, units: 10);

        (await Usage.FetchMonthlyAsync(template.Service.Id, 2024, None))
            .Select(row => (row.Rate, row.FreeAllowanceUsed, row.ChargedUnits, row.Cost)).ShouldBe([(0.01m, 10, 10, 0.10m), (0.02m, 2, 8, 0.16m)]);
    }

    [Fact]
    public async Task The_rows_behind_the_usage_pages()
    {
        var service = await World.ServiceAsync();
        var (sms, email) = (await World.TemplateAsync("sms", service), await World.TemplateAsync("email", service));
        await World.LimitAsync(service, 2016, 1);
        foreach (var day in new LocalDate[] { new(2016, 1, 28), new(2016, 8, 10), new(2016, 12, 26) })
        {
            await World.FactAsync(day, sms, rate: 0.0162m);
            await World.FactAsync(day, email, units: 0);
        }

        var months = (await Usage.FetchMonthlyAsync(service.Id, 2016, None)).Where(row => row.NotificationType == "sms").ToList();
        months.Count.ShouldBe(3);
        (months[0].Month.Month, months[0].ChargeableUnits, months[0].NotificationsSent, months[0].Rate, months[0].Cost, months[0].FreeAllowanceUsed, months[0].ChargedUnits)
            .ShouldBe((1, 1, 1, 0.0162m, 0, 1, 0));
        (await Usage.FetchTotalsAsync(service.Id, 2016, None)).ShouldBe(
        [
            Total("email", 0, sent: 3, units: 0, cost: 0, free: 0, charged: 0),
            Total("sms", 0.0162m, sent: 3, units: 3, cost: 0.0324m, free: 1, charged: 2),
        ]);
        (await Usage.FetchTotalsAsync(service.Id, 2015, None)).ShouldBeEmpty();
        (await Usage.FetchEmailAsync(service.Id, 2016, None)).Count.ShouldBe(3);
    }

    private static YearlyUsage Total(string type, decimal rate, long sent, long units, decimal cost, long free, long charged) => new()
    {
        NotificationType = type, Rate = rate, NotificationsSent = sent, ChargeableUnits = units, Cost = cost,
        FreeAllowanceUsed = free, ChargedUnits = charged, AllowanceMissing = false,
    };
}
