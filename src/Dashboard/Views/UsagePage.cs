using NodaTime;
using Tally.Billing.Allowances;
using Tally.Billing.Reports;
using Tally.Dashboard.Pages;

namespace Tally.Dashboard.Views;

/// <summary>A year of usage as blocks: what the dashboard shows and what a report to share holds.</summary>
internal static class UsagePage
{
    /// <summary>An organization's year, as a page by itself.</summary>
    public static Page Of(Guid id, int year, IReadOnlyList<OrganizationServiceUsage> services, IReadOnlyList<OrganizationMonthUsage> months) => new(
        $"Organization {id} in {year}", "SMS in fragments, after the free allowance of the calendar year; UTC. Source: the billing facts, today's as last refreshed.", Of($"organization {id}", services, months, year));

    /// <summary>An organization's year: its live services, and its months.</summary>
    /// <param name="name">The organization's.</param>
    /// <param name="services">Its live services.</param>
    /// <param name="usage">Their SMS by month.</param>
    /// <param name="year">Which year.</param>
    /// <param name="serviceLink">Where a service's own page is; null where there is none.</param>
    public static IReadOnlyList<Block> Of(
        string name, IReadOnlyList<OrganizationServiceUsage> services, IReadOnlyList<OrganizationMonthUsage> usage, int year, Func<Guid, string>? serviceLink = null)
    {
        var months = MonthsOf(year, usage.Select(row => (row.Month.ToYearMonth(), row.FreeAllowanceUsed, row.ChargedUnits, row.Cost)));
        return
        [
            new Facts(
            [
                new Fact("Cost", Text.Money(services.Sum(service => service.SmsCost)), Text.Count(services.Count, "live service")),
                new Fact("Fragments", Text.Of(services.Sum(service => service.SmsBillableUnits)), $"{Text.Of(services.Sum(service => service.ChargeableBillableSms))} charged"),
                new Fact("Free and unused", Text.Of(services.Sum(service => service.SmsRemainder)), $"of {Text.Of(services.Sum(service => service.FreeSmsLimit))}"),
                new Fact("Emails", Text.Of(services.Sum(service => service.EmailsSent))),
                Missing(services.Count(service => service.AllowanceMissing)),
            ]),
            MonthChart(name, months),
            Table.Of(
                "services", $"Live services of {name}", services, "The organization has no live service.",
                new("service_name", "Service", row => row.ServiceName) { Link = row => serviceLink?.Invoke(row.ServiceId) },
                new("free_sms_limit", "Free", row => row.FreeSmsLimit) { IsNumber = true },
                new("sms_remainder", "Left", row => row.SmsRemainder) { IsNumber = true },
                new("sms_billable_units", "Fragments", row => row.SmsBillableUnits) { IsNumber = true },
                new("chargeable_billable_sms", "Charged", row => row.ChargeableBillableSms) { IsNumber = true },
                new("sms_cost", "Cost", row => row.SmsCost) { IsNumber = true, Text = row => Text.Money(row.SmsCost) },
                new("emails_sent", "Emails", row => row.EmailsSent) { IsNumber = true },
                new("active", "Active", row => row.Active),
                new("allowance_missing", "Allowance missing", row => row.AllowanceMissing) { Tone = row => row.AllowanceMissing ? Tone.Warning : Tone.Plain },
                new("service_id", "Id", row => row.ServiceId.ToString())),
            MonthTable(months),
        ];
    }

    /// <summary>A service's year: its months, and how its allowance is used up.</summary>
    public static IReadOnlyList<Block> Of(string name, int year, IReadOnlyList<MonthlyUsage> usage, Allowance allowance, IEnumerable<int> thresholdPercents)
    {
        var sms = usage.Where(row => row.NotificationType == "sms").ToList();
        var months = MonthsOf(year, sms.Select(row => (row.Month.ToYearMonth(), row.FreeAllowanceUsed, row.ChargedUnits, row.Cost)));
        var limit = allowance.AllowanceMissing ? 0 : allowance.FreeSmsFragmentLimit;
        var used = months.Sum(month => month.Free + month.Charged);
        return
        [
            new Facts(
            [
                new Fact("Cost", Text.Money(months.Sum(month => month.Cost)), name),
                new Fact("Fragments", Text.Of(used), $"{Text.Of(months.Sum(month => month.Charged))} charged"),
                new Fact("Free and unused", Text.Of(Math.Max(limit - used, 0)), $"of {Text.Of(limit)}"),
                new Fact("Emails", Text.Of(usage.Where(row => row.NotificationType == "email").Sum(row => row.NotificationsSent))),
                Missing(allowance.AllowanceMissing ? 1 : 0),
            ]),
            MonthChart(name, months),
            AllowanceChart(name, months, limit, thresholdPercents),
            MonthTable(months),
        ];
    }

    private static Chart MonthChart(string name, IReadOnlyList<Usage> months) => new(
        "Fragments by month", $"SMS fragments of {name} by month: {Text.Of(months.Sum(month => month.Free))} free, {Text.Of(months.Sum(month => month.Charged))} charged. The table of months has every one.",
        [.. months.Select(month => new Point(Text.Of(month.Month), [month.Free, month.Charged], $"{Text.Of(month.Month)}: {Text.Of(month.Free)} free, {Text.Of(month.Charged)} charged, cost {Text.Money(month.Cost)}"))],
        ["Free", "Charged"]);

    private static Chart AllowanceChart(string name, IReadOnlyList<Usage> months, long limit, IEnumerable<int> percents)
    {
        var used = 0L;
        var points = months.Select(month => (month.Month, Used: used += month.Free + month.Charged)).ToList();
        var last = months.LastOrDefault(month => month.Free + month.Charged > 0)?.Month;
        return new Chart(
            "Allowance used over the year", $"Fragments of {name} so far in the year: {Text.Of(used)} of {Text.Of(limit)} free ones.",
            // What comes after the last month with SMS is not known, or nothing.
            [.. points.Select(point => point.Month > last
                ? new Point(Text.Of(point.Month), [null, null], $"{Text.Of(point.Month)}: no SMS")
                : new Point(Text.Of(point.Month), [Math.Min(point.Used, limit), Math.Max(point.Used - limit, 0)], $"{Text.Of(point.Month)}: {Text.Of(point.Used)} of {Text.Of(limit)}"))],
            ["Within the allowance", "Beyond it"])
        {
            Thresholds = limit == 0 ? [] : [.. percents.Distinct().Order().Select(percent => new Threshold($"{percent} %", limit * percent / 100m))],
        };
    }

    private static Table MonthTable(IReadOnlyList<Usage> months) => Table.Of(
        "usage", "SMS by month", months, "No months.",
        new("month", "Month", row => row.Month),
        new("free_allowance_used", "Free", row => row.Free) { IsNumber = true },
        new("charged_units", "Charged", row => row.Charged) { IsNumber = true },
        new("cost", "Cost", row => row.Cost) { IsNumber = true, Text = row => Text.Money(row.Cost) });

    private static List<Usage> MonthsOf(int year, IEnumerable<(YearMonth Month, long Free, long Charged, decimal Cost)> parts)
    {
        var byMonth = parts.ToLookup(part => part.Month);
        return
        [
            .. Enumerable.Range(1, 12).Select(number => new YearMonth(year, number)).Select(month =>
                new Usage(month, byMonth[month].Sum(part => part.Free), byMonth[month].Sum(part => part.Charged), byMonth[month].Sum(part => part.Cost))),
        ];
    }

    private static Fact Missing(int services) => services == 0
        ? new Fact("Allowances missing", "0", Tone: Tone.Good)
        : new Fact("Allowances missing", Text.Of(services), "every SMS is charged; 'tally billing allowance set' gives one", Tone.Warning);

    private sealed record Usage(YearMonth Month, long Free, long Charged, decimal Cost);
}
