using FsCheck.Xunit;
using NodaTime;
using Shouldly;
using Tally.Billing.Reports;
using Tally.Tests.Infrastructure;

namespace Tally.Tests.Billing;

/// <summary>Every report agrees with a walk over the facts in C# decimals, and with every other report.</summary>
public sealed class UsagePropertyTests(TestDatabase database) : BillingTest(database)
{
    private static readonly decimal[] Amounts = [0.0150m, 0.0162m, 0.02m, 1m / 8];

    private sealed record Charge(FactSpec Fact, long Units, long Free, long Charged, decimal Cost);

    private sealed record FactSpec(Template Template, LocalDate Day, decimal Rate, long Units, int Multiplier, bool International, string Provider);

    [Property(MaxTest = 40, StartSize = 40, EndSize = 150)]
    public Task An_allowance_is_used_once_and_a_year_costs_the_sum_of_its_parts(
        (byte Service, byte Month, byte Day, byte Price, byte Units)[] sent, byte[] limits, (byte Month, byte Day) one, (byte Month, byte Day) other) =>
        CheckAsync(sent, message => message.Price % 4, limits, one, other);

    /// <summary>As with rate changes in the middle of months. Some meet on one day, some services go back to the rate before.</summary>
    [Property(MaxTest = 40, StartSize = 40, EndSize = 150)]
    public Task Rates_that_follow_each_other_within_a_month_cost_what_their_facts_cost(
        (byte Service, byte Month, byte Day, byte Price, byte Units)[] sent, byte[] limits, (byte Month, byte Day) one, (byte Month, byte Day) other) =>
        CheckAsync(sent, message => (message.Service % 3, message.Day % 30, message.Price % 2) switch
        {
            (0, >= 10 and < 20, _) => 3,
            (_, < 12, _) => 2,
            (1, 12, 0) => 2,
            (1, 12, _) => 3,
            (2, 12, 0) => 1,
            (1, _, _) => 3,
            (_, > 25, 0) => 1,
            _ => 0,
        }, limits, one, other);

    private async Task CheckAsync(
        (byte Service, byte Month, byte Day, byte Price, byte Units)[] sent, Func<(byte Service, byte Month, byte Day, byte Price, byte Units), int> rateOf,
        byte[] limits, (byte Month, byte Day) one, (byte Month, byte Day) other)
    {
        await InitializeAsync();
        var organization = await World.OrganizationAsync("org");
        var templates = new List<Template>();
        for (var i = 0; i < 3; i++) templates.Add(await World.TemplateAsync(service: await World.ServiceAsync(organization: organization)));
        var limit = templates.Index().ToDictionary(template => template.Item.Service.Id, template => template.Index < limits.Length ? limits[template.Index] : (int?)null);
        foreach (var template in templates)
            if (limit[template.Service.Id] is { } agreed) await World.LimitAsync(template.Service, 2024, agreed);

        var facts = sent
            .Select(message => new FactSpec(
                templates[message.Service % 3], Day(message.Month, message.Day), Amounts[rateOf(message)], message.Units / 4, message.Price / 4 % 4,
                message.Price % 2 == 0, message.Price % 3 == 0 ? "sns" : "other"))
            .DistinctBy(fact => fact with { Units = 0 })
            .ToList();
        foreach (var fact in facts) await World.FactAsync(fact.Day, fact.Template, fact.Rate, fact.Units, 1, fact.Multiplier, fact.International, fact.Provider);
        var charges = templates.SelectMany(template => Walk(facts.Where(fact => fact.Template == template), limit[template.Service.Id] ?? 0)).ToList();

        foreach (var template in templates) await CheckServiceAsync(template.Service.Id, limit[template.Service.Id], [.. charges.Where(charge => charge.Fact.Template == template)]);
        await CheckOrganizationAsync(organization, charges);
        var days = new[] { Day(one.Month, one.Day), Day(other.Month, other.Day) }.Order().ToArray();
        await CheckPeriodAsync(BillingPeriod.Of(days[0], days[1]), [.. charges.Where(charge => charge.Fact.Day >= days[0] && charge.Fact.Day <= days[1])], charges, limit);
    }

    /// <summary>Few enough days for months with several rates, and for periods that cut them.</summary>
    private static LocalDate Day(byte month, byte day) => new(2024, 1 + (month % 4 * 3), 1 + (day % 30));

    /// <summary>The rule, one fact after the other: what is left of the allowance goes to the next.</summary>
    private static IEnumerable<Charge> Walk(IEnumerable<FactSpec> facts, long left)
    {
        // Facts of one day and rate share their price, so their order among themselves moves no money.
        foreach (var fact in facts.OrderBy(fact => fact.Day).ThenBy(fact => fact.Rate))
        {
            var units = fact.Units * fact.Multiplier;
            var free = Math.Min(units, left);
            left -= free;
            yield return new Charge(fact, units, free, units - free, (units - free) * fact.Rate);
        }
    }

    private async Task CheckServiceAsync(Guid service, int? limit, IReadOnlyList<Charge> charges)
    {
        var usage = Get<ServiceUsage>();
        var totals = await usage.FetchTotalsAsync(service, 2024, None);
        var months = await usage.FetchMonthlyAsync(service, 2024, None);
        var rows = await usage.FetchSmsAsync(service, 2024, None);

        totals.Select(total => (total.Rate, total.ChargeableUnits, total.FreeAllowanceUsed, total.ChargedUnits, total.Cost)).ShouldBe(
            charges.GroupBy(charge => charge.Fact.Rate).Select(rate => (rate.Key, rate.Sum(charge => charge.Units), rate.Sum(charge => charge.Free), rate.Sum(charge => charge.Charged), rate.Sum(charge => charge.Cost))),
            ignoreOrder: true);
        months.Select(month => (month.Month.Month, month.Rate, month.ChargedUnits, month.Cost)).ShouldBe(
            charges.GroupBy(charge => (charge.Fact.Day.Month, charge.Fact.Rate)).Select(month => (month.Key.Month, month.Key.Rate, month.Sum(charge => charge.Charged), month.Sum(charge => charge.Cost))),
            ignoreOrder: true);
        totals.Sum(total => total.Cost).ShouldBe(months.Sum(month => month.Cost));
        totals.Sum(total => total.Cost).ShouldBe(rows.Sum(row => row.Cost));
        totals.Sum(total => total.FreeAllowanceUsed).ShouldBe(Math.Min(limit ?? 0, charges.Sum(charge => charge.Units)));
        totals.ShouldAllBe(total => total.AllowanceMissing == (limit == null));
    }

    private async Task CheckOrganizationAsync(Guid organization, IReadOnlyList<Charge> charges)
    {
        var services = await Get<OrganizationUsage>().FetchYearAsync(organization, 2024, None);
        var facts = await Get<OrganizationUsage>().FetchSmsUsageAsync(organization, 2024, None);
        foreach (var service in services)
        {
            var own = charges.Where(charge => charge.Fact.Template.Service.Id == service.ServiceId).ToList();
            (service.SmsBillableUnits, service.ChargeableBillableSms, service.SmsCost).ShouldBe((own.Sum(charge => charge.Units), own.Sum(charge => charge.Charged), own.Sum(charge => charge.Cost)));
            service.SmsRemainder.ShouldBe(service.FreeSmsLimit - own.Sum(charge => charge.Free));
            facts.Where(fact => fact.ServiceId == service.ServiceId).Sum(fact => fact.Cost).ShouldBe(service.SmsCost);
        }

        services.Count.ShouldBe(3);
        (await Get<OrganizationUsage>().FetchSmsMonthsAsync(organization, 2024, None)).Select(month => (month.Month, month.FreeAllowanceUsed, month.ChargedUnits, month.Cost)).ShouldBe(
            charges.GroupBy(charge => new LocalDate(2024, charge.Fact.Day.Month, 1)).OrderBy(month => month.Key)
                .Select(month => (month.Key, month.Sum(charge => charge.Free), month.Sum(charge => charge.Charged), month.Sum(charge => charge.Cost))));
    }

    private async Task CheckPeriodAsync(BillingPeriod period, IReadOnlyList<Charge> within, IReadOnlyList<Charge> year, Dictionary<Guid, int?> limit)
    {
        var rows = await Get<AllServicesUsage>().FetchSmsBillingAsync(period, None);
        rows.Select(row => (row.ServiceId, row.SmsBillableUnits, row.ChargeableBillableSms, row.SmsCost, row.SmsRemainder)).ShouldBe(
            within.GroupBy(charge => charge.Fact.Template.Service.Id).Select(service => (
                service.Key, service.Sum(charge => charge.Units), service.Sum(charge => charge.Charged), service.Sum(charge => charge.Cost),
                (limit[service.Key] ?? 0) - year.Where(charge => charge.Fact.Template.Service.Id == service.Key && charge.Fact.Day <= period.To).Sum(charge => charge.Free))),
            ignoreOrder: true);

        var providers = await Get<PlatformVolumes>().FetchProvidersAsync(period, None);
        providers.Sum(row => row.SmsCost).ShouldBe(within.Sum(charge => charge.Cost));
        (await Get<PlatformVolumes>().FetchDailyAsync(period, None)).Sum(row => row.SmsChargeableUnits).ShouldBe(within.Sum(charge => charge.Units));
        var report = await Get<AllServicesUsage>().FetchReportAsync(period, None);
        report.Sum(row => row.SmsCost).ShouldBe(within.Sum(charge => charge.Cost));
        var remainders = await Get<AllServicesUsage>().FetchAllowanceRemainderAsync(period.To, None);
        remainders.Sum(row => row.BillableUnits).ShouldBe(year.Where(charge => charge.Fact.Day < period.To).Sum(charge => charge.Units));
    }
}
