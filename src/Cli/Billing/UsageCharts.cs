using NodaTime;
using NodaTime.Text;
using Tally.Billing.Reports;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;

namespace Tally.Cli.Billing;

/// <summary>Usage to look at, beside the tables of the billing reports. Units are SMS fragments.</summary>
internal static class UsageCharts
{
    private const string Parts = "█ charged, ░ free";

    public static void Draw(CommandContext run, IReadOnlyList<YearlyUsage> rows) =>
        Draw(run, $"Units by type and rate ({Parts}):", rows.Where(row => row.ChargeableUnits > 0)
            .Select(row => new Bar($"{row.NotificationType} {row.Rate}", row.ChargedUnits, row.FreeAllowanceUsed)));

    public static void Draw(CommandContext run, IReadOnlyList<MonthlyUsage> rows) =>
        Draw(run, $"Units by month ({Parts}):", rows.GroupBy(row => Words.Of(row.Month.ToYearMonth()))
            .Select(month => new Bar(month.Key, month.Sum(row => row.ChargedUnits), month.Sum(row => row.FreeAllowanceUsed))));

    public static void Draw(CommandContext run, IReadOnlyList<OrganizationServiceUsage> rows) =>
        DrawLargest(run, $"Units by service ({Parts}):", rows.Select(row => new Bar(row.ServiceName, row.ChargeableBillableSms, row.SmsBillableUnits - row.ChargeableBillableSms)));

    public static void Draw(CommandContext run, IReadOnlyList<AllServicesSmsBilling> rows) =>
        DrawLargest(run, $"Units by service ({Parts}):", rows.Select(row => new Bar(row.ServiceName, row.ChargeableBillableSms, row.SmsBillableUnits - row.ChargeableBillableSms)));

    public static void Draw(CommandContext run, IReadOnlyList<ServiceVolumes> rows) =>
        DrawLargest(run, "Units by service:", rows.Select(row => new Bar(row.ServiceName, row.SmsChargeableUnits)));

    public static void Draw(CommandContext run, IReadOnlyList<ProviderVolumes> rows) =>
        DrawLargest(run, "Units by provider:", rows.GroupBy(row => row.Provider).Select(provider => new Bar(provider.Key, provider.Sum(row => row.SmsChargeableUnits))));

    public static void Draw(CommandContext run, IReadOnlyList<DailyVolumes> rows)
    {
        var units = rows.ToDictionary(row => LocalDatePattern.Iso.Parse(row.LocalDate).Value, row => (decimal)row.SmsChargeableUnits);
        if (units.Count == 0) return;
        var (first, last) = (units.Keys.Min(), units.Keys.Max());
        // A day on which nothing was sent has no row, and takes its place.
        var days = Enumerable.Range(0, Period.DaysBetween(first, last) + 1).Select(first.PlusDays);
        run.Draw($"Units by day, {Words.Of(first)} to {Words.Of(last)}:", width => Charts.Columns([.. days.Select(day => units.GetValueOrDefault(day))], width));
    }

    private static void DrawLargest(CommandContext run, string title, IEnumerable<Bar> bars) => Draw(run, title, bars.OrderByDescending(bar => bar.Sum));

    private static void Draw(CommandContext run, string title, IEnumerable<Bar> bars) => run.Draw(title, width => Charts.Bars([.. bars], width));
}
