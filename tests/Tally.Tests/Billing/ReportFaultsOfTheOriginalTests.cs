using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Allowances;
using Tally.Billing.Refresh;
using Tally.Billing.Reports;
using Tally.Database;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

/// <summary>One test for each fault in the reports and allowances of the system that billing follows, named after it.</summary>
public sealed class ReportFaultsOfTheOriginalTests(TestDatabase database) : BillingTest(database)
{
    private static readonly LocalDate Day = new(2023, 5, 10);

    private AllServicesUsage AllServices => Get<AllServicesUsage>();

    private static BillingPeriod Month(int month, int year = 2024) =>
        BillingPeriod.Of(new LocalDate(year, month, 1), new LocalDate(year, month, 1).PlusMonths(1).PlusDays(-1));

    [Fact]
    public async Task The_allowance_runs_over_the_calendar_year()
    {
        var template = await World.TemplateAsync();
        await World.LimitAsync(template.Service, 2024, 100);
        for (var month = 1; month <= 5; month++) await World.FactAsync(new LocalDate(2024, month, 10), template, 0.02m, units: 60);

        var costs = new List<decimal>();
        for (var month = 1; month <= 5; month++) costs.Add((await AllServices.FetchSmsBillingAsync(Month(month), None)).Single().SmsCost);

        costs.ShouldBe([0m, 0.40m, 1.20m, 1.20m, 1.20m]);
        var year = (await AllServices.FetchSmsBillingAsync(BillingPeriod.OfYear(2024), None)).Single();
        (year.ChargeableBillableSms, year.SmsCost).ShouldBe((200, 4.00m));
    }

    [Fact]
    public async Task The_allowance_is_used_in_one_order_whatever_the_plan()
    {
        for (var i = 0; i < 30; i++)
        {
            var template = await World.TemplateAsync();
            await World.LimitAsync(template.Service, 2023, 5);
            foreach (var rate in i % 2 == 0 ? new[] { 1, 2 } : [2, 1]) await World.FactAsync(Day, template, rate, units: 5);
        }

        var byIndex = await AllServices.FetchSmsBillingAsync(BillingPeriod.Of(Day, Day), None);
        await using var bySequence = TallyDataSource.Create(new NpgsqlConnectionStringBuilder(ConnectionString) { Options = "-c enable_indexscan=off -c enable_bitmapscan=off -c enable_hashjoin=off" }.ConnectionString);
        var bySequentialScan = await new AllServicesUsage(bySequence).FetchSmsBillingAsync(BillingPeriod.Of(Day, Day), None);

        byIndex.Count.ShouldBe(30);
        byIndex.ShouldAllBe(row => row.SmsCost == 10 && row.ChargeableBillableSms == 5);
        bySequentialScan.ShouldBe(byIndex);
    }

    [Fact]
    public async Task Several_rates_share_one_allowance_and_make_one_row()
    {
        await World.WorkedExampleAsync();

        var row = (await AllServices.FetchSmsBillingAsync(BillingPeriod.OfYear(2024), None)).ShouldHaveSingleItem();
        (row.SmsRemainder, row.SmsBillableUnits, row.ChargeableBillableSms, row.SmsCost, row.SmsRate).ShouldBe((0, 155, 55, 1.0250m, 0.0200m));

        var january = (await AllServices.FetchSmsBillingAsync(Month(1), None)).Single();
        (january.SmsRemainder, january.SmsBillableUnits, january.ChargeableBillableSms).ShouldBe((10, 90, 0));
        var february = (await AllServices.FetchSmsBillingAsync(Month(2), None)).Single();
        (february.SmsRemainder, february.SmsBillableUnits, february.ChargeableBillableSms, february.SmsCost).ShouldBe((0, 25, 15, 0.2250m));
        var april = (await AllServices.FetchSmsBillingAsync(Month(4), None)).Single();
        (april.SmsRemainder, april.SmsBillableUnits, april.ChargeableBillableSms, april.SmsCost).ShouldBe((0, 40, 40, 0.8000m));
    }

    [Fact]
    public async Task A_missing_allowance_means_zero_everywhere_and_is_said()
    {
        var organization = await World.OrganizationAsync("org");
        var template = await World.TemplateAsync(service: await World.ServiceAsync(organization: organization));
        await World.FactAsync(Day, template, 0.02m, units: 50);
        var period = BillingPeriod.OfYear(2023);

        var total = (await Get<ServiceUsage>().FetchTotalsAsync(template.Service.Id, 2023, None)).ShouldHaveSingleItem();
        (total.ChargeableUnits, total.FreeAllowanceUsed, total.ChargedUnits, total.Cost, total.AllowanceMissing).ShouldBe((50, 0, 50, 1.00m, true));
        var month = (await Get<ServiceUsage>().FetchMonthlyAsync(template.Service.Id, 2023, None)).ShouldHaveSingleItem();
        (month.ChargedUnits, month.Cost, month.AllowanceMissing).ShouldBe((50, 1.00m, true));
        var everywhere = (await AllServices.FetchSmsBillingAsync(period, None)).ShouldHaveSingleItem();
        (everywhere.FreeSmsFragmentLimit, everywhere.SmsRemainder, everywhere.ChargeableBillableSms, everywhere.SmsCost, everywhere.AllowanceMissing).ShouldBe((0, 0, 50, 1.00m, true));
        var ofOrganization = (await Get<OrganizationUsage>().FetchYearAsync(organization, 2023, None)).ShouldHaveSingleItem();
        (ofOrganization.FreeSmsLimit, ofOrganization.SmsBillableUnits, ofOrganization.ChargeableBillableSms, ofOrganization.SmsCost, ofOrganization.AllowanceMissing).ShouldBe((0, 50, 50, 1.00m, true));
        var remainder = (await AllServices.FetchAllowanceRemainderAsync(Day.PlusDays(1), None)).ShouldHaveSingleItem();
        (remainder.BillableUnits, remainder.SmsRemainder, remainder.AllowanceMissing).ShouldBe((50, 0, true));
        var volumes = (await Get<PlatformVolumes>().FetchByServiceAsync(period, None)).ShouldHaveSingleItem();
        (volumes.FreeAllowance, volumes.SmsChargeableUnits, volumes.AllowanceMissing).ShouldBe((0, 50, true));
    }

    [Fact]
    public async Task Volumes_show_a_service_once_with_its_latest_allowance()
    {
        var template = await World.TemplateAsync();
        foreach (var (year, limit) in new[] { (2020, 250000), (2021, 150000), (2022, 40000), (2023, 40000), (2024, 7) }) await World.LimitAsync(template.Service, year, limit);
        await World.FactAsync(Day, template, units: 4, sent: 2, multiplier: 2);

        var row = (await Get<PlatformVolumes>().FetchByServiceAsync(BillingPeriod.Of(new LocalDate(2023, 5, 1), new LocalDate(2023, 5, 31)), None)).ShouldHaveSingleItem();

        (row.FreeAllowance, row.SmsNotifications, row.SmsChargeableUnits, row.EmailTotals).ShouldBe((40000, 2, 8, 0));
    }

    [Fact]
    public async Task A_default_for_a_year_beyond_the_table_goes_to_that_year()
    {
        var service = await World.ServiceAsync();
        await World.LimitAsync(service, 2022, 123);

        (await Get<AllowanceBook>().SetDefaultsAsync(2024, None)).ShouldBe(1);
        (await Get<AllowanceBook>().SetDefaultsAsync(2024, None)).ShouldBe(0);

        (await Get<AllowanceBook>().GetAsync(service.Id, 2024, None)).FreeSmsFragmentLimit.ShouldBe(40000);
        (await Get<AllowanceBook>().GetAsync(service.Id, 2022, None)).FreeSmsFragmentLimit.ShouldBe(123);
    }

    [Fact]
    public async Task Reads_work_in_a_read_only_transaction()
    {
        var organization = await World.OrganizationAsync("org");
        var template = await World.TemplateAsync(service: await World.ServiceAsync(organization: organization));
        await World.NotificationAsync(template);
        await World.FactAsync(Day, template);
        await using var readOnly = TallyDataSource.Create(new NpgsqlConnectionStringBuilder(ConnectionString) { Options = "-c default_transaction_read_only=on" }.ConnectionString);
        var (id, year) = (template.Service.Id, Clock.GetCurrentInstant().InUtc().Year);
        var period = BillingPeriod.OfYear(year);

        await new ServiceUsage(readOnly).FetchTotalsAsync(id, year, None);
        await new ServiceUsage(readOnly).FetchMonthlyAsync(id, year, None);
        await new ServiceUsage(readOnly).FetchSmsAsync(id, year, None);
        await new ServiceUsage(readOnly).FetchEmailAsync(id, year, None);
        await new OrganizationUsage(readOnly).FetchYearAsync(organization, year, None);
        await new OrganizationUsage(readOnly).FetchSmsBillingAsync(organization, year, None);
        await new OrganizationUsage(readOnly).FetchSmsUsageAsync(organization, year, None);
        await new OrganizationUsage(readOnly).FetchEmailsAsync(organization, period, None);
        await new AllServicesUsage(readOnly).FetchSmsBillingAsync(period, None);
        await new AllServicesUsage(readOnly).FetchReportAsync(period, None);
        await new AllServicesUsage(readOnly).FetchAllowanceRemainderAsync(Day, None);
        await new PlatformVolumes(readOnly).FetchDailyAsync(period, None);
        await new PlatformVolumes(readOnly).FetchProvidersAsync(period, None);
        await new PlatformVolumes(readOnly).FetchByServiceAsync(period, None);
        await new BillingDetails(readOnly).FetchAllAsync(None);
        (await new BillingDataReader(readOnly).FetchAsync(Clock.GetCurrentInstant().InUtc().Date, null, true, None)).ShouldHaveSingleItem();
        (await Should.ThrowAsync<PostgresException>(() => new Rates(readOnly).SetAsync("sms", 1, Instant.FromUtc(2023, 5, 10, 10, 0), None))).SqlState.ShouldBe(PostgresErrorCodes.ReadOnlySqlTransaction);
    }

    [Fact]
    public async Task Each_report_has_its_own_services()
    {
        var organization = await World.OrganizationAsync("org");
        foreach (var (name, restricted, active, countAsLive) in new[] { ("live", false, true, true), ("trial", true, true, true), ("archived", false, false, true), ("not counted", false, true, false) })
            await World.FactAsync(Day, await World.TemplateAsync(service: await World.ServiceAsync(name, organization, restricted, active, countAsLive)), 0.02m, provider: "sns");
        var period = BillingPeriod.OfYear(2023);

        (await AllServices.FetchSmsBillingAsync(period, None)).Select(row => row.ServiceName).ShouldBe(["archived", "live", "not counted", "trial"]);
        (await AllServices.FetchReportAsync(period, None)).Count.ShouldBe(4);
        (await Get<OrganizationUsage>().FetchYearAsync(organization, 2023, None)).Select(row => row.ServiceName).ShouldBe(["live", "not counted", "archived"]);
        (await Get<OrganizationUsage>().FetchSmsUsageAsync(organization, 2023, None)).Count.ShouldBe(4);
        (await Get<PlatformVolumes>().FetchByServiceAsync(period, None)).Select(row => row.ServiceName).ShouldBe(["live"]);
        (await Get<PlatformVolumes>().FetchDailyAsync(period, None)).Single().SmsTotals.ShouldBe(4);
        (await Get<PlatformVolumes>().FetchProvidersAsync(period, None)).Single().SmsTotals.ShouldBe(4);
        (await Get<BillingDetails>().FetchAllAsync(None)).Count.ShouldBe(4);
    }

    [Fact]
    public async Task A_providers_cost_is_what_is_charged_after_the_allowance()
    {
        await World.WorkedExampleAsync();

        var rows = await Get<PlatformVolumes>().FetchProvidersAsync(BillingPeriod.OfYear(2024), None);
        rows.Select(row => row.SmsCost).ShouldBe([0m, 0m, 0.2250m, 0.8000m]);
        (await Get<PlatformVolumes>().FetchProvidersAsync(BillingPeriod.Of(new LocalDate(2024, 2, 1), new LocalDate(2024, 12, 31)), None)).Sum(row => row.SmsCost).ShouldBe(1.0250m);
    }
}
