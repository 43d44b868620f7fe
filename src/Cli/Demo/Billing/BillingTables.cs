using System.Globalization;
using Spectre.Console;
using Tally.Billing.Months;
using Tally.Billing.Reports;
using Tally.Cli.Shell.Output;

namespace Tally.Cli.Demo.Billing;

/// <summary>What the billing demo shows.</summary>
internal static class BillingTables
{
    public static Table Usage(IReadOnlyList<OrganizationServiceUsage> before, IReadOnlyList<OrganizationServiceUsage> after)
    {
        var table = Titled("Usage of Department 1 in 2026, before and after the corrections", "service", "free", "fragments", "charged", "emails", "cost before", "cost after", "difference");
        foreach (var (old, now) in before.Zip(after))
        {
            AddRow(table, now.ServiceName, now.FreeSmsLimit, now.SmsBillableUnits, now.ChargeableBillableSms, now.EmailsSent, old.SmsCost, now.SmsCost, now.SmsCost - old.SmsCost);
        }

        AddRow(
            table, "all", after.Sum(row => row.FreeSmsLimit), after.Sum(row => row.SmsBillableUnits), after.Sum(row => row.ChargeableBillableSms), after.Sum(row => row.EmailsSent),
            before.Sum(row => row.SmsCost), after.Sum(row => row.SmsCost), after.Sum(row => row.SmsCost) - before.Sum(row => row.SmsCost));
        return table;
    }

    public static Table Corrections(IReadOnlyList<Correction> corrections)
    {
        var table = Titled("The corrections that explain it", "what", "days", "corrections", "fragments", "cost");
        foreach (var kind in corrections.GroupBy(Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            var days = kind.Select(correction => correction.LocalDate).ToList();
            AddRow(
                table, kind.Key, string.Create(CultureInfo.InvariantCulture, $"{days.Min():uuuu-MM-dd} to {days.Max():uuuu-MM-dd}"), kind.Count(),
                kind.Sum(correction => correction.RateMultiplier * ((correction.BillableUnitsTo ?? 0) - (correction.BillableUnitsFrom ?? 0))),
                kind.Sum(correction => correction.GrossCostChange));
        }

        AddRow(table, "all", "", corrections.Count, corrections.Sum(correction => correction.RateMultiplier * ((correction.BillableUnitsTo ?? 0) - (correction.BillableUnitsFrom ?? 0))), corrections.Sum(correction => correction.GrossCostChange));
        return table;
    }

    private static string Kind(Correction correction) => correction switch
    {
        { RateFrom: null } => $"appeared at {correction.Provider}",
        { RateTo: null } => $"vanished from {correction.Provider}",
        _ => $"rate {Cell.Text(correction.RateFrom)} became {Cell.Text(correction.RateTo)}",
    };

    private static Table Titled(string title, params string[] columns)
    {
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle(title, new Style(decoration: Decoration.Bold)) };
        foreach (var (index, column) in columns.Index()) table.AddColumn(new TableColumn(column) { Alignment = index == 0 ? Justify.Left : Justify.Right });
        return table;
    }

    private static void AddRow(Table table, params object[] cells) => table.AddRow(cells.Select(cell => new Text(Cell.Text(cell))));
}
