using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using NodaTime;
using NodaTime.Text;
using Tally.Cli.Shell.Output;
using Tally.Reporting.Accounts;

namespace Tally.Cli.Shell;

/// <summary>Options and arguments that several commands share, with messages of their own for values that do not fit.</summary>
internal static class CommonOptions
{
    /// <summary>The format of results.</summary>
    public static Option<OutputFormat> Output { get; } = new("--output", "-o")
    {
        Description = "Format of results; table unless given.",
        HelpName = "table|json|csv",
        Recursive = true,
        CustomParser = static result => ParseName<OutputFormat>(result, "--output"),
    };

    /// <summary>Whether errors come with their stack trace.</summary>
    public static Option<bool> Verbose { get; } = new("--verbose") { Description = "Show the stack trace of an error.", Recursive = true };

    public static Option<bool> Yes() => new("--yes", "-y") { Description = "Do not ask for confirmation." };

    public static Argument<long> AccountId() => new("ID") { Description = "The account's number.", CustomParser = ParseId };

    public static Option<long?> Account(string description = "The account's number.") => new("--account", "-a")
    {
        Description = description,
        HelpName = "ID",
        CustomParser = static result => ParseId(result),
    };

    public static Option<LocalDate?> Date(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "YYYY-MM-DD",
        CustomParser = result => LocalDatePattern.Iso.Parse(Text(result)) is { Success: true, Value: var date }
            ? date
            : Refuse<LocalDate?>(result, $"{name} is '{Text(result)}', which is no date. Write it as YYYY-MM-DD, for example 2026-03-29."),
    };

    public static Option<int> Count(string name, string description, int defaultValue, int minimum, int maximum) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result => int.TryParse(Text(result), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= minimum && count <= maximum
            ? count
            : Refuse<int>(result, $"{name} is '{Text(result)}'. Use a number from {minimum} to {maximum}."),
    };

    /// <summary>A number above 0 that bounds something; without it, nothing does.</summary>
    public static Option<int?> Limit(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => int.TryParse(Text(result), NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0
            ? limit
            : Refuse<int?>(result, $"{name} is '{Text(result)}'. Use a number above 0."),
    };

    /// <summary>An option whose values are the names of an enum, in lower case.</summary>
    public static Option<T?> Choice<T>(string name, string description)
        where T : struct, Enum => new(name)
    {
        Description = description,
        HelpName = string.Join('|', NamesOf<T>()),
        CustomParser = result => ParseName<T>(result, name),
    };

    private static string[] NamesOf<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];

    private static T ParseName<T>(ArgumentResult result, string option)
        where T : struct, Enum
    {
        var names = NamesOf<T>();
        return names.Contains(Text(result), StringComparer.OrdinalIgnoreCase)
            ? Enum.Parse<T>(Text(result), ignoreCase: true)
            : Refuse<T>(result, $"{option} is '{Text(result)}'. Use {string.Join(", ", names[..^1])} or {names[^1]}.");
    }

    private static long ParseId(ArgumentResult result) =>
        long.TryParse(Text(result), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? id
            : Refuse<long>(result, $"'{Text(result)}' is no account id. Use a whole number above 0.");

    private static string Text(ArgumentResult result) => result.Tokens is [var token, ..] ? token.Value : "";

    private static T? Refuse<T>(ArgumentResult result, string message)
    {
        result.AddError(message);
        return default;
    }
}
