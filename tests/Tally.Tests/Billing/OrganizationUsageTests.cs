using System.Globalization;
using NodaTime;
using Shouldly;
using Tally.Billing.Reports;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class OrganizationUsageTests(TestDatabase database) : BillingTest(database)
{
    private OrganizationUsage Usage => Get<OrganizationUsage>();

    [Fact]
    public async Task A_read_does_not_write_today_and_shows_it_once_refreshed()
    {
        var organization = await World.OrganizationAsync("org");
        var template = await World.TemplateAsync(service: await World.ServiceAsync(organization: organization));
        await World.RateAsync(0.65m, Clock.GetCurrentInstant() - Duration.FromDays(1));
        await World.LimitAsync(template.Service, 2024, 10);
        await World.NotificationAsync(template);

        (await Usage.FetchYearAsync(organization, 2024, None)).ShouldHaveSingleItem().SmsBillableUnits.ShouldBe(0);
        (await FactsAsync()).ShouldBeEmpty();

        await RefreshAsync(new LocalDate(2024, 6, 15));

        (await Usage.FetchYearAsync(organization, 2024, None)).ShouldHaveSingleItem().SmsBillableUnits.ShouldBe(1);
    }

    [Fact]
    public async Task The_allowance_goes_to_the_earliest_sms()
    {
        var organization = await World.OrganizationAsync("org");
        var template = await World.TemplateAsync(service: await World.ServiceAsync(organization: organization));
        await World.LimitAsync(template.Service, 2022, 3);
        await World.FactAsync(new LocalDate(2022, 4, 29), template, rate: 2, units: 4, sent: 4);
        await World.FactAsync(new LocalDate(2022, 5, 1), template, rate: 3, units: 2, sent: 2);

        var row = (await Usage.FetchYearAsync(organization, 2022, None)).ShouldHaveSingleItem();

        (row.FreeSmsLimit, row.SmsRemainder, row.SmsBillableUnits, row.ChargeableBillableSms, row.SmsCost).ShouldBe((3, 0, 6, 3, 8.0m));
        var sms = (await Usage.FetchSmsBillingAsync(organization, 2022, None)).ShouldHaveSingleItem();
        (sms.FreeSmsFragmentLimit, sms.SmsRemainder, sms.SmsBillableUnits, sms.ChargeableBillableSms, sms.SmsCost).ShouldBe((3, 0, 6, 3, 8.0m));
        (await Usage.FetchSmsUsageAsync(organization, 2022, None)).Select(fact => (fact.ChargeableUnits, fact.ChargedUnits, fact.Cost)).ShouldBe([(4, 1, 2m), (2, 2, 6m)]);
    }

    [Fact]
    public async Task A_service_without_usage_shows_its_allowance()
    {
        var organization = await World.OrganizationAsync("org");
        var service = await World.ServiceAsync(organization: organization);
        await World.LimitAsync(service, 2022, 3);

        var row = (await Usage.FetchYearAsync(organization, 2022, None)).ShouldHaveSingleItem();

        (row.FreeSmsLimit, row.SmsRemainder, row.SmsBillableUnits, row.ChargeableBillableSms, row.SmsCost, row.AllowanceMissing).ShouldBe((3, 3, 0, 0, 0m, false));
    }

    [Fact]
    public async Task Services_in_trial_mode_are_left_out()
    {
        var organization = await World.OrganizationAsync("org");
        var live = await World.TemplateAsync(service: await World.ServiceAsync(organization: organization));
        var trial = await World.ServiceAsync(organization: organization, restricted: true);
        var today = new LocalDate(2020, 2, 27);
        await World.LimitAsync(live.Service, 2020, 0);
        await World.LimitAsync(trial, 2020, 0);
        await World.FactAsync(today, live, rate: 0.0158m, units: 19, sent: 19);
        await World.FactAsync(today, await World.TemplateAsync("email", trial), units: 0, sent: 100);
        await World.FactAsync(today, await World.TemplateAsync("sms", trial), rate: 0.0158m, units: 200, sent: 100);

        var row = (await Usage.FetchYearAsync(organization, 2020, None)).ShouldHaveSingleItem();

        (row.ServiceId, row.SmsBillableUnits, row.EmailsSent).ShouldBe((live.Service.Id, 19, 0));
    }

    [Fact]
    public async Task Active_services_come_first_and_then_by_name()
    {
        var organization = await World.OrganizationAsync("org");
        await World.ServiceAsync("live service", organization);
        var archived = await World.ServiceAsync("Archived_service", organization);
        (await Usage.FetchYearAsync(organization, 2020, None)).Select(row => row.ServiceName).ShouldBe(["Archived_service", "live service"]);

        await ExecuteAsync("UPDATE billing.services SET active = false WHERE id = @id", archived);

        (await Usage.FetchYearAsync(organization, 2020, None)).Select(row => (row.ServiceName, row.Active)).ShouldBe([("live service", true), ("Archived_service", false)]);
    }

    [Fact]
    public async Task Emails_are_counted_per_live_service_and_period()
    {
        var organization = await World.OrganizationAsync("org");
        var email = await World.TemplateAsync("email", await World.ServiceAsync("b", organization));
        await World.ServiceAsync("a", organization);
        for (var day = 1; day <= 5; day++) await World.FactAsync(new LocalDate(2022, 2, day), email, units: 0, sent: 10);

        var rows = await Usage.FetchEmailsAsync(organization, BillingPeriod.Of(new LocalDate(2022, 2, 2), new LocalDate(2022, 2, 4)), None);

        rows.ShouldHaveSingleItem().ShouldBe(new OrganizationEmailUsage { ServiceName = "b", ServiceId = email.Service.Id, EmailsSent = 30 });
        (await Usage.FetchYearAsync(organization, 2022, None)).Select(row => row.EmailsSent).ShouldBe([0, 50]);
    }

    [Theory]
    // Another rate from the 20th on; both on the 20th, the cheaper one first; back to the first rate.
    [InlineData("0.02/10 0.03/20", true)]
    [InlineData("0.02/10 0.02/20 0.03/20 0.03/30", true)]
    [InlineData("0.03/10 0.03/20 0.02/20 0.02/30", false)]
    [InlineData("0.02/10 0.03/15 0.02/20", false)]
    public async Task Rates_of_a_month_are_read_from_its_sums_while_they_follow_each_other(string rates, bool followEachOther)
    {
        var organization = await World.OrganizationAsync("org");
        var template = await World.TemplateAsync(service: await World.ServiceAsync(organization: organization));
        foreach (var fact in rates.Split(' ').Select(fact => fact.Split('/')))
            await World.FactAsync(new LocalDate(2024, 6, int.Parse(fact[1], CultureInfo.InvariantCulture)), template, decimal.Parse(fact[0], CultureInfo.InvariantCulture), units: 7);
        var before = (await Usage.FetchYearAsync(organization, 2024, None)).ShouldHaveSingleItem();

        // The facts without the triggers that keep the sums: who reads facts now finds none.
        await ExecuteAsync("SET session_replication_role = replica; DELETE FROM billing.ft_billing; RESET session_replication_role");

        var after = (await Usage.FetchYearAsync(organization, 2024, None)).ShouldHaveSingleItem();
        (after == before).ShouldBe(followEachOther);
    }
}
