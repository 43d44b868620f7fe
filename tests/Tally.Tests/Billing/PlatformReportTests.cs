using NodaTime;
using NodaTime.Text;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Reports;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class PlatformReportTests(TestDatabase database) : BillingTest(database)
{
    private static BillingPeriod Period(int fromMonth, int fromDay, int toMonth, int toDay, int year = 2022) =>
        BillingPeriod.Of(new LocalDate(year, fromMonth, fromDay), new LocalDate(year, toMonth, toDay));

    [Fact]
    public async Task Remainders_are_per_service_and_before_the_day()
    {
        var (first, second) = (await World.TemplateAsync(), await World.TemplateAsync());
        await World.LimitAsync(first.Service, 2016, 10);
        await World.LimitAsync(second.Service, 2016, 20);
        await World.FactAsync(new LocalDate(2016, 4, 20), first, 0.11m, units: 2);
        await World.FactAsync(new LocalDate(2016, 5, 20), first, 0.11m, units: 3);
        await World.FactAsync(new LocalDate(2016, 4, 20), second, 0.11m, units: 12);
        await World.FactAsync(new LocalDate(2016, 4, 22), second, 0.11m, units: 10);
        await World.FactAsync(new LocalDate(2016, 5, 20), second, 0.11m, units: 3);

        var rows = await Get<AllServicesUsage>().FetchAllowanceRemainderAsync(new LocalDate(2016, 5, 1), None);

        rows.Select(row => (row.ServiceId, row.FreeSmsFragmentLimit, row.BillableUnits, row.SmsRemainder)).ShouldBe(
            [(first.Service.Id, 10, 2, 8), (second.Service.Id, 20, 22, 0)], ignoreOrder: true);
        (await Get<AllServicesUsage>().FetchAllowanceRemainderAsync(new LocalDate(2016, 5, 21), None))
            .Single(row => row.ServiceId == first.Service.Id).BillableUnits.ShouldBe(5);
        (await Get<AllServicesUsage>().FetchAllowanceRemainderAsync(new LocalDate(2016, 5, 20), None))
            .Single(row => row.ServiceId == first.Service.Id).BillableUnits.ShouldBe(2);
        (await Get<AllServicesUsage>().FetchAllowanceRemainderAsync(new LocalDate(2016, 1, 1), None))
            .ShouldAllBe(row => row.BillableUnits == 0);
    }

    [Fact]
    public async Task All_services_within_their_allowance()
    {
        var organization = await World.OrganizationAsync("org");
        var template = await World.TemplateAsync(service: await World.ServiceAsync("service", organization));
        await World.LimitAsync(template.Service, 2019, 25000);
        await World.FactAsync(new LocalDate(2019, 4, 20), template, 0.11m, units: 44);

        (await Get<AllServicesUsage>().FetchSmsBillingAsync(Period(4, 1, 5, 30, 2019), None)).ShouldHaveSingleItem().ShouldBe(new AllServicesSmsBilling
        {
            OrganizationName = "org", OrganizationId = organization, ServiceName = "service", ServiceId = template.Service.Id, FreeSmsFragmentLimit = 25000,
            SmsRate = 0.11m, SmsRemainder = 24956, SmsBillableUnits = 44, ChargeableBillableSms = 0, SmsCost = 0, AllowanceMissing = false,
        });
    }

    [Fact]
    public async Task A_report_without_an_allowance_may_cover_several_years_and_shows_the_newest_allowance()
    {
        var template = await World.TemplateAsync();
        await World.LimitAsync(template.Service, 2021, 10);
        await World.LimitAsync(template.Service, 2022, 20);
        await World.LimitAsync(template.Service, 2023, 30);
        foreach (var day in new[] { new LocalDate(2021, 3, 31), new LocalDate(2021, 4, 1), new LocalDate(2022, 2, 28), new LocalDate(2022, 3, 1) }) await World.FactAsync(day, template, sent: 2);
        var range = BillingRange.Of(new LocalDate(2021, 4, 1), new LocalDate(2022, 2, 28));

        var volumes = (await Get<PlatformVolumes>().FetchByServiceAsync(range, None)).ShouldHaveSingleItem();

        (volumes.SmsNotifications, volumes.FreeAllowance).ShouldBe((4, 20));
        (await Get<PlatformVolumes>().FetchDailyAsync(range, None)).Select(day => day.LocalDate).ShouldBe(["2021-04-01", "2022-02-28"]);
    }

    [Fact]
    public async Task Daily_volumes_add_up_multipliers_and_types()
    {
        var service = await World.ServiceAsync();
        var (sms, email) = (await World.TemplateAsync("sms", service), await World.TemplateAsync("email", service));
        var (third, fourth) = (new LocalDate(2022, 2, 3), new LocalDate(2022, 2, 4));
        await World.FactAsync(third, sms, sent: 10, units: 10);
        await World.FactAsync(third, sms, sent: 10, units: 30, international: true);
        await World.FactAsync(third, email, sent: 10, units: 0);
        await World.FactAsync(fourth, sms, sent: 20, units: 40);
        await World.FactAsync(fourth, sms, sent: 10, units: 20, multiplier: 3);
        await World.FactAsync(fourth, email, sent: 50, units: 0);

        (await Get<PlatformVolumes>().FetchDailyAsync(Period(2, 3, 2, 4), None)).ShouldBe(
        [
            new DailyVolumes { LocalDate = "2022-02-03", SmsTotals = 20, SmsFragmentTotals = 40, SmsChargeableUnits = 40, EmailTotals = 10 },
            new DailyVolumes { LocalDate = "2022-02-04", SmsTotals = 30, SmsFragmentTotals = 60, SmsChargeableUnits = 100, EmailTotals = 50 },
        ]);
    }

    [Fact]
    public async Task A_providers_cost_is_units_times_multiplier_times_rate()
    {
        await World.FactAsync(new LocalDate(2022, 2, 3), await World.TemplateAsync(), rate: 1.5m, multiplier: 3, sent: 1, units: 2, provider: "sns");

        (await Get<PlatformVolumes>().FetchProvidersAsync(Period(2, 3, 2, 3), None)).ShouldHaveSingleItem().ShouldBe(new ProviderVolumes
        {
            LocalDate = new LocalDate(2022, 2, 3), Provider = "sns", SmsTotals = 1, SmsFragmentTotals = 2, SmsChargeableUnits = 6, SmsCost = 9m,
        });
    }

    [Fact]
    public async Task Both_ends_of_a_range_count()
    {
        var template = await World.TemplateAsync();
        for (var day = 2; day <= 6; day++) await World.FactAsync(new LocalDate(2022, 2, day), template);

        (await Get<PlatformVolumes>().FetchProvidersAsync(Period(2, 3, 2, 5), None)).Select(row => row.LocalDate.Day).ShouldBe([3, 4, 5]);
        (await Get<PlatformVolumes>().FetchDailyAsync(Period(2, 3, 2, 5), None)).Select(row => row.LocalDate).ShouldBe(["2022-02-03", "2022-02-04", "2022-02-05"]);
    }

    [Fact]
    public async Task Sms_and_email_of_a_day_are_one_row()
    {
        var service = await World.ServiceAsync();
        await World.FactAsync(new LocalDate(2022, 2, 3), await World.TemplateAsync("sms", service));
        await World.FactAsync(new LocalDate(2022, 2, 3), await World.TemplateAsync("email", service), sent: 2, units: 0);

        var row = (await Get<PlatformVolumes>().FetchDailyAsync(Period(2, 3, 2, 3), None)).ShouldHaveSingleItem();
        (row.SmsTotals, row.EmailTotals).ShouldBe((1, 2));
        (await Get<PlatformVolumes>().FetchProvidersAsync(Period(2, 3, 2, 3), None)).ShouldHaveSingleItem().SmsTotals.ShouldBe(1);
    }

    [Fact]
    public void A_period_lies_in_one_calendar_year()
    {
        foreach (var (from, to) in new[] { ("2019-04-01", "2019-06-30"), ("2019-08-01", "2019-09-30"), ("2019-01-01", "2019-03-31"), ("2019-05-05", "2019-05-05") })
            PeriodOf(from, to).Year.ShouldBe(2019);
        foreach (var (from, to) in new[] { ("2019-04-01", "2020-06-30"), ("2018-01-01", "2019-04-30"), ("2019-12-01", "2020-04-30") })
            Should.Throw<BillingException>(() => PeriodOf(from, to)).Message.ShouldBe("Date must be in a single financial year.");
        Should.Throw<BillingException>(() => PeriodOf("2019-08-01", "2019-06-01")).Message.ShouldBe("Start date must be before end date");

        static BillingPeriod PeriodOf(string from, string to) => BillingPeriod.Of(LocalDatePattern.Iso.Parse(from).Value, LocalDatePattern.Iso.Parse(to).Value);
    }

    [Fact]
    public async Task Providers_without_sms_are_shown_with_nothing()
    {
        var template = await World.TemplateAsync();
        await World.FactAsync(new LocalDate(2017, 6, 5), template, units: 4, provider: "sns");
        await World.FactAsync(new LocalDate(2018, 6, 3), template, units: 4, provider: "sns");
        await World.FactAsync(new LocalDate(2018, 6, 15), template, units: 1, provider: "sns");

        (await Get<PlatformVolumes>().FetchProviderUsageAsync(new LocalDate(2018, 6, 1), ["sns", "ses"], None))
            .Select(row => (row.Provider, row.ChargeableUnits)).ShouldBe([("ses", 0), ("sns", 5)]);
    }

    [Fact]
    public async Task The_billing_report_has_whom_to_bill_and_leaves_out_who_owes_nothing()
    {
        var organization = await World.OrganizationAsync("org");
        await ExecuteAsync("UPDATE billing.organization SET purchase_order_number = 'org order', billing_reference = 'org reference', billing_contact_names = 'org contact'");
        var within = await World.TemplateAsync(service: await World.ServiceAsync("with", organization));
        var without = await World.TemplateAsync(service: await World.ServiceAsync("without"));
        var free = await World.TemplateAsync(service: await World.ServiceAsync("free", organization));
        await World.LimitAsync(free.Service, 2022, 100);
        await ExecuteAsync("UPDATE billing.services SET purchase_order_number = 'own order', billing_contact_names = '' WHERE name = 'with'");
        foreach (var template in new[] { without, within, free }) await World.FactAsync(new LocalDate(2022, 2, 3), template, rate: 0.0150m, units: 10);

        (await Get<AllServicesUsage>().FetchReportAsync(Period(2, 1, 2, 28), None)).ShouldBe(
        [
            new BillingReportRow
            {
                OrganizationId = organization.ToString(), OrganizationName = "org", ServiceId = within.Service.Id, ServiceName = "with", SmsCost = 0.1500m, SmsChargeableUnits = 10,
                PurchaseOrderNumber = "own order", ContactNames = "", ContactEmailAddresses = null, BillingReference = "org reference",
            },
            new BillingReportRow
            {
                OrganizationId = "", OrganizationName = "", ServiceId = without.Service.Id, ServiceName = "without", SmsCost = 0.1500m, SmsChargeableUnits = 10,
                PurchaseOrderNumber = null, ContactNames = null, ContactEmailAddresses = null, BillingReference = null,
            },
        ]);
        (await Get<BillingDetails>().FetchAllAsync(None)).Count.ShouldBe(3);
    }
}
