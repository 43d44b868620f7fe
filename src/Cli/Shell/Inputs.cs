using System.CommandLine;
using Tally.Cli.Shell.Output;

namespace Tally.Cli.Shell;

/// <summary>Arguments and options that several commands share.</summary>
internal static class Inputs
{
    private static readonly ValueKind<OutputFormat> Formats = ValueKinds.Choice<OutputFormat>();

    /// <summary>The format of results.</summary>
    public static Option<OutputFormat> Output { get; } = new("--output", "-o")
    {
        Description = "Format of results; table unless given.",
        HelpName = Formats.Form,
        Recursive = true,
        CustomParser = static result => Formats.Read(result, "--output"),
    };

    /// <summary>Whether CSV is for programs.</summary>
    public static Option<bool> Raw { get; } = new("--raw") { Description = "Write CSV exactly: without it, text that a spreadsheet would run as a formula begins with an apostrophe.", Recursive = true };

    /// <summary>Whether errors come with their stack trace.</summary>
    public static Option<bool> Verbose { get; } = new("--verbose") { Description = "Show the stack trace of an error.", Recursive = true };

    public static Option<bool> Flag(string name, string description, params string[] aliases) => new(name, aliases) { Description = description };

    /// <summary>Text of any kind; null where it is not given.</summary>
    public static Option<string?> Text(string name, string description, string? form = null) => new(name) { Description = description, HelpName = form };

    public static Option<bool> Yes() => Flag("--yes", "Do not ask for confirmation.", "-y");

    public static Argument<long> AccountId() => ValueKinds.Id.Argument("ID", "The account's number.");

    public static Option<long> Account() => ValueKinds.Id.Required("--account", "The account's number.", "-a");

    /// <param name="otherwise">What holds without it.</param>
    public static Option<long?> AnyAccount(string otherwise) => ValueKinds.Id.Optional("--account", $"The account's number; {otherwise}.", "-a");
}
