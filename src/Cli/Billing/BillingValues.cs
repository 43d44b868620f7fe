using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using NodaTime;
using NodaTime.Text;
using Tally.Billing.Reports;
using Tally.Cli.Shell;

namespace Tally.Cli.Billing;

/// <summary>Options and arguments of the billing commands.</summary>
internal static class BillingValues
{
    public static Option<Guid?> Service(string description = "The service's id.") => Id("--service", description);

    public static Option<Guid?> Organization() => Id("--organization", "The organization's id.");

    /// <summary>Read by <see cref="PeriodOf"/>, whose messages it leaves the text to.</summary>
    public static Option<string> From() => new("--from") { Description = "First day.", HelpName = "YYYY-MM-DD", Required = true };

    /// <inheritdoc cref="From"/>
    public static Option<string> To() => new("--to") { Description = "Last day, included; of the same year.", HelpName = "YYYY-MM-DD", Required = true };

    public static Option<int?> Year(string description = "The calendar year.") => new("--year")
    {
        Description = description,
        HelpName = "YYYY",
        CustomParser = result =>
        {
            if (int.TryParse(Text(result), NumberStyles.None, CultureInfo.InvariantCulture, out var year) && year is >= 1970 and <= 9998) return year;
            result.AddError("No valid year provided");
            return null;
        },
    };

    public static Argument<YearMonth> MonthArgument() => new("MONTH") { Description = "The month, as YYYY-MM.", CustomParser = ParseMonth };

    public static Option<YearMonth> MonthOption() => new("--month") { Description = "The month.", HelpName = "YYYY-MM", CustomParser = ParseMonth, Required = true };

    /// <exception cref="CommandException">No year was given.</exception>
    public static int RequireYear(CommandContext context, Option<int?> year) => context.Value(year) ?? throw new CommandException("No valid year provided");

    public static BillingPeriod PeriodOf(CommandContext context, Option<string> from, Option<string> to) =>
        BillingPeriod.Parse(context.Value(from)!, context.Value(to)!);

    private static Option<Guid?> Id(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "ID",
        CustomParser = result =>
        {
            if (Guid.TryParse(Text(result), out var id)) return id;
            result.AddError($"{name} is '{Text(result)}', which is no id. Ids look like 6f0b5e9c-1f5d-4c0a-9d57-0d3e4f6a7b8c.");
            return null;
        },
    };

    private static YearMonth ParseMonth(ArgumentResult result)
    {
        if (YearMonthPattern.Iso.Parse(Text(result)) is { Success: true, Value: var month }) return month;
        result.AddError($"'{Text(result)}' is no month. Write it as YYYY-MM, for example 2026-03.");
        return default;
    }

    private static string Text(ArgumentResult result) => result.Tokens is [var token, ..] ? token.Value : "";
}
