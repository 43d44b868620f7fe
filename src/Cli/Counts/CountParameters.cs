using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using NodaTime;
using NodaTime.Text;
using Tally.ValueStream;

namespace Tally.Cli.Counts;

/// <summary>Arguments and options of the counts, with messages of their own for values that do not fit.</summary>
internal static class CountParameters
{
    private static readonly TimeSpan LongestBudget = TimeSpan.FromDays(1);
    private static readonly YearMonthPattern MonthPattern = YearMonthPattern.Iso;

    public static Argument<long> Group() => new("GROUP")
    {
        Description = "The id of a top-level group.",
        CustomParser = static result => ParseId(result, "group"),
    };

    public static Option<long?> OnlyGroup() => new("--group", "-g")
    {
        Description = "Count only this top-level group.",
        HelpName = "ID",
        CustomParser = static result => ParseId(result, "group"),
    };

    public static Option<long?> Namespace() => new("--namespace", "-n")
    {
        Description = "The id of a group or of a project's namespace.",
        HelpName = "ID",
        Required = true,
        CustomParser = static result => ParseId(result, "namespace"),
    };

    public static Option<Metric> Metric() => new("--metric", "-m")
    {
        Description = "What is counted.",
        HelpName = string.Join('|', ValueStream.Metric.All.Select(metric => metric.Name)),
        Required = true,
        CustomParser = static result =>
        {
            try
            {
                return ValueStream.Metric.Named(Text(result));
            }
            catch (ValueStreamException exception)
            {
                return Refuse<Metric>(result, exception.Message);
            }
        },
    };

    public static Option<TimeSpan?> Budget() => new("--budget")
    {
        Description = "The time box; by default ValueStream:MaxRuntime. One page is counted however small it is.",
        HelpName = "HH:MM:SS",
        CustomParser = static result => TimeSpan.TryParseExact(Text(result), "c", CultureInfo.InvariantCulture, out var budget)
            && budget >= TimeSpan.Zero && budget <= LongestBudget
                ? budget
                : Refuse<TimeSpan?>(result, $"--budget is '{Text(result)}'. Use hours, minutes and seconds such as 00:03:00, up to one day."),
    };

    public static Option<LocalDate?> Month(string description) => new("--month")
    {
        Description = description,
        HelpName = "YYYY-MM",
        CustomParser = static result => MonthPattern.Parse(Text(result)) is { Success: true, Value: var month }
            ? month.OnDayOfMonth(1)
            : Refuse<LocalDate?>(result, $"--month is '{Text(result)}', which is no month. Write it as YYYY-MM, for example 2026-03."),
    };

    private static long ParseId(ArgumentResult result, string what) =>
        long.TryParse(Text(result), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? id
            : Refuse<long>(result, $"'{Text(result)}' is no {what} id. Use a whole number above 0.");

    private static string Text(ArgumentResult result) => result.Tokens is [var token, ..] ? token.Value : "";

    private static T? Refuse<T>(ArgumentResult result, string message)
    {
        result.AddError(message);
        return default;
    }
}
