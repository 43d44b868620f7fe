using Microsoft.Extensions.Options;
using NodaTime;
using Tally.Billing;
using Tally.Billing.Allowances;
using Tally.Billing.Months;
using Tally.Billing.Reports;
using Tally.Dashboard.Pages;

namespace Tally.Dashboard.Views;

/// <summary>What an organization or a service used in a year and what it costs; a month's days and corrections; closed months.</summary>
internal sealed class BillingView(
    ServiceDirectory directory, OrganizationUsage organizations, ServiceUsage services, PlatformVolumes volumes,
    AllowanceBook allowances, Corrections corrections, BillingMonths months, IOptions<BillingOptions> options, IClock clock) : IView
{
    // Both are listed by name; a list that is longer than this is not read.
    private const int MostListed = 500;
    private const int MostCorrections = 5_000;

    public string Path => "billing";

    public string Name => "Billing";

    public async Task<Page> ReadAsync(Query query, CancellationToken cancellationToken)
    {
        var listed = await directory.ListAsync(MostListed, cancellationToken);
        var service = query.Uuid("service");
        var organization = service is null ? query.Uuid("organization") ?? listed.FirstOrDefault(one => one.OrganizationId is not null)?.OrganizationId : null;
        var newest = await months.FindNewestAsync(cancellationToken) ?? clock.GetCurrentInstant().InUtc().Date.ToYearMonth();
        var month = query.Month("month") ?? (query.Year("year") is { } asked && asked != newest.Year ? new YearMonth(asked, 12) : newest);
        var year = query.Year("year") ?? month.Year;

        var blocks = new List<Block> { FormOf(listed, organization, service, year, month) };
        var subject = "Nobody yet";
        if (service is { } serviceId)
        {
            await directory.RequireServiceAsync(serviceId, cancellationToken);
            subject = listed.FirstOrDefault(one => one.ServiceId == serviceId)?.ServiceName ?? Text.Of(serviceId.ToString());
            blocks.AddRange(UsagePage.Of(subject, year,
                await services.FetchMonthlyAsync(serviceId, year, cancellationToken), await allowances.GetAsync(serviceId, year, cancellationToken), options.Value.ThresholdPercents));
        }
        else if (organization is { } organizationId)
        {
            await directory.RequireOrganizationAsync(organizationId, cancellationToken);
            subject = listed.FirstOrDefault(one => one.OrganizationId == organizationId)?.OrganizationName ?? organizationId.ToString();
            blocks.AddRange(UsagePage.Of(subject,
                await organizations.FetchYearAsync(organizationId, year, cancellationToken), await organizations.FetchSmsMonthsAsync(organizationId, year, cancellationToken), year,
                id => Query.Address(Path, ("service", id), ("year", year), ("month", month))));
        }

        blocks.Add(await DaysAsync(month, cancellationToken));
        blocks.Add(CorrectionsOf(
            month, await corrections.SumAsync(month, service, cancellationToken), await corrections.ListAsync(month, service, provisional: true, MostCorrections, cancellationToken)));
        blocks.Add(MonthsOf(year, await months.ListAsync(year, cancellationToken), organization, service));
        return new Page($"{subject} in {Text.Exact(year)}", "SMS in fragments; the free allowance is a calendar year's. Days and months are UTC's.", blocks);
    }

    private async Task<Section> DaysAsync(YearMonth month, CancellationToken cancellationToken)
    {
        var period = BillingPeriod.Of(month.OnDayOfMonth(1), month.OnDayOfMonth(1).PlusMonths(1).PlusDays(-1));
        var days = await volumes.FetchDailyAsync(period, cancellationToken);
        return new Section($"Messages of all services by day, {Text.Of(month)}",
        [
            new Chart(
                "Messages by day", $"SMS and email of {Text.Count(days.Count, "day")} of {Text.Of(month)}. The table below has every day.",
                [.. days.Select(day => new Point(Text.Of(day.LocalDate), [day.SmsTotals, day.EmailTotals], $"{Text.Of(day.LocalDate)}: {Text.Of(day.SmsTotals)} SMS, {Text.Of(day.EmailTotals)} email"))],
                ["SMS", "Email"]),
            Table.Of(
                "days", $"Daily volumes, {Text.Of(month)}", days, "Nothing was sent in this month.",
                new("local_date", "Day", day => day.LocalDate),
                new("sms_totals", "SMS", day => day.SmsTotals) { IsNumber = true },
                new("sms_fragment_totals", "Fragments", day => day.SmsFragmentTotals) { IsNumber = true },
                new("sms_chargeable_units", "Chargeable units", day => day.SmsChargeableUnits) { IsNumber = true },
                new("email_totals", "Email", day => day.EmailTotals) { IsNumber = true }),
        ]);
    }

    private static Section CorrectionsOf(YearMonth month, CorrectionSums sums, IReadOnlyList<Correction> all) => new(
        $"Corrections of {Text.Of(month)}",
        [
            new Facts(
            [
                new Fact("Corrections", Text.Of(sums.Count), $"and {Text.Count(sums.Provisional, "change")} while a day was running"),
                new Fact("Change of price", Text.Money(sums.Applied), "applied, before any allowance"),
                new Fact("Held back", Text.Of(sums.Held), sums.Held == 0 ? "no closed month waits" : $"{Text.Money(sums.HeldCost)} wait for 'tally billing reopen {Text.Of(month)}'", sums.Held == 0 ? Tone.Good : Tone.Warning),
            ]),
            Table.Of(
                "corrections", all.Count < MostCorrections ? "Every change, in the order in which it was found" : $"The first {Text.Of(MostCorrections)} changes, in the order in which they were found", all, "No fact of this month has changed.",
                new("recorded_at", "Found", one => one.RecordedAt),
                new("local_date", "Day", one => one.LocalDate),
                new("reason", "Reason", ReasonOf),
                new("state", "State", one => one.State) { Tone = one => one.State == "held" ? Tone.Warning : Tone.Plain },
                new("gross_cost_change", "Price", one => one.GrossCostChange) { IsNumber = true, Text = one => Text.Money(one.GrossCostChange) },
                new("notification_type", "Type", one => one.NotificationType),
                new("provider", "Provider", one => one.Provider),
                new("rate_from", "Rate before", one => one.RateFrom) { IsNumber = true, Text = one => RateOf(one.RateFrom) },
                new("rate_to", "after", one => one.RateTo) { IsNumber = true, Text = one => RateOf(one.RateTo) },
                new("billable_units_from", "Fragments before", one => one.BillableUnitsFrom) { IsNumber = true },
                new("billable_units_to", "after", one => one.BillableUnitsTo) { IsNumber = true },
                new("notifications_sent_from", "Messages before", one => one.NotificationsSentFrom) { IsNumber = true },
                new("notifications_sent_to", "after", one => one.NotificationsSentTo) { IsNumber = true },
                new("service_id", "Service", one => one.ServiceId.ToString()),
                new("template_id", "Template", one => one.TemplateId.ToString()),
                new("run_id", "Refresh", one => one.RunId.ToString())),
        ]);

    private static string RateOf(decimal? rate) => rate is { } price ? Text.Money(price) : "";

    /// <summary>Why a fact changed, as far as the change itself says.</summary>
    internal static string ReasonOf(Correction one) => one switch
    {
        { Provisional: true } => "the day was still running",
        { RateFrom: null } => "messages appeared",
        { RateTo: null } => "messages vanished",
        _ when one.RateFrom != one.RateTo => "another rate",
        _ when one.NotificationsSentFrom < one.NotificationsSentTo => "more messages",
        _ when one.NotificationsSentFrom > one.NotificationsSentTo => "fewer messages",
        _ => "other fragments",
    };

    private Section MonthsOf(int year, IReadOnlyList<BillingMonth> rows, Guid? organization, Guid? service) => new("Closed and open months",
    [
        Table.Of(
            "months", $"Months of {Text.Exact(year)}", rows, "No month of this year has facts or was closed.",
            new("month", "Month", row => row.Month) { Link = row => Query.Address(Path, ("organization", organization), ("service", service), ("year", year), ("month", row.Month)) },
            new("state", "State", row => row.ClosedAt is null ? "open" : "closed"),
            new("closed_at", "Closed", row => row.ClosedAt),
            new("held", "Corrections held back", row => row.Held) { IsNumber = true, Tone = row => row.Held > 0 ? Tone.Warning : Tone.Plain },
            new("facts", "Facts", row => row.Facts) { IsNumber = true }),
    ]);

    private Form FormOf(IReadOnlyList<ListedService> listed, Guid? organization, Guid? service, int year, YearMonth month) => new(Path,
    [
        new ChoiceField("organization", "Organization",
            [("", "none"), .. listed.Where(one => one.OrganizationId is not null).DistinctBy(one => one.OrganizationId).Select(one => (one.OrganizationId.ToString()!, one.OrganizationName!))], organization?.ToString() ?? ""),
        new ChoiceField("service", "Or service", [("", "all of the organization"), .. listed.Select(one => (one.ServiceId.ToString(), one.ServiceName))], service?.ToString() ?? ""),
        new InputField("year", "Year", "number", Text.Exact(year)),
        new InputField("month", "Month of the daily volumes", "month", Text.Of(month)),
    ]);
}
