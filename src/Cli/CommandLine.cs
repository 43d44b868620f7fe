using System.CommandLine;
using System.CommandLine.Invocation;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;

namespace Tally.Cli;

/// <summary>The operator's command line, as one call.</summary>
internal static class CommandLine
{
    /// <summary>Runs the command that <paramref name="args"/> name.</summary>
    /// <returns>The exit code: see <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        terminal = terminal.Visible();

        var parsed = Commands.CreateRoot().Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction refusal) return await RefuseAsync(refusal, parsed, terminal);

        foreach (var verb in Within(parsed.RootCommandResult.Command).OfType<Verb>())
            verb.SetAction((result, token) => RunAsync(verb, result, terminal, token));
        return await parsed.InvokeAsync(Invocation(terminal.Out, terminal.Error), cancellationToken);
    }

    private static async Task<int> RefuseAsync(ParseErrorAction refusal, ParseResult parsed, Terminal terminal)
    {
        refusal.ShowHelp = false;
        using var text = new StringWriter();
        await parsed.InvokeAsync(Invocation(text, text), CancellationToken.None);
        foreach (var line in text.ToString().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            await terminal.Error.WriteLineAsync(line);
        await terminal.Error.WriteLineAsync($"See '{string.Join(' ', ["tally", .. PathOf(parsed.CommandResult.Command)])} --help'.");
        return (int)ExitCode.Error;
    }

    private static async Task<int> RunAsync(Verb verb, ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        try
        {
            if (parsed.GetValue(Inputs.Output) == OutputFormat.Html && !verb.DrawsPage)
                throw new CommandException("--output html is for 'rollups report', 'rollups summary', 'counts report' and 'billing organization'. Use table, json or csv here.");
            await using var context = new CommandContext(parsed, terminal);
            return (int)await verb.RunAsync(context, cancellationToken);
        }
#pragma warning disable CA1031 // Whatever went wrong, the user gets a sentence and the exit code.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            var isInterrupted = exception is OperationCanceledException && cancellationToken.IsCancellationRequested;
            await terminal.Error.WriteLineAsync(isInterrupted ? "Interrupted." : $"Error: {ErrorMessage.Of(exception)}");
            if (parsed.GetValue(Inputs.Verbose)) await terminal.Error.WriteLineAsync(exception.ToString());
            return (int)ExitCode.Error;
        }
    }

    private static InvocationConfiguration Invocation(TextWriter output, TextWriter error) => new()
    {
        Output = output,
        Error = error,
        EnableDefaultExceptionHandler = false,
        // Program turns Ctrl-C into the token.
        ProcessTerminationTimeout = null,
    };

    private static IEnumerable<Command> Within(Command command) => command.Subcommands.SelectMany(Within).Prepend(command);

    private static IEnumerable<string> PathOf(Command command) =>
        command is RootCommand ? [] : command.Parents.OfType<Command>().SelectMany(PathOf).Append(command.Name);
}
