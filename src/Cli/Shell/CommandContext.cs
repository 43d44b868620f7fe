using System.CommandLine;
using NodaTime;
using Spectre.Console;
using Tally.Cli.Shell.Output;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Shell;

/// <summary>What one run of a command works with.</summary>
internal sealed class CommandContext(ParseResult arguments, Terminal terminal) : IAsyncDisposable
{
    private Session? _session;

    public Terminal Terminal => terminal;

    public IClock Clock => terminal.Clock;

    /// <summary>The format that <c>--output</c> names.</summary>
    public OutputFormat Format { get; } = arguments.GetValue(CommonOptions.Output);

    /// <summary>Where results go, in that format.</summary>
    public IOutput Output { get; } = OutputFormats.Create(arguments.GetValue(CommonOptions.Output), terminal);

    /// <summary>For what is drawn rather than read by programs: standard error, so that results stay clean.</summary>
    public IAnsiConsole Screen { get; } = Consoles.Create(terminal.Error, terminal.ErrorIsScreen);

    /// <summary>Questions to the person at the keyboard.</summary>
    public Prompts Prompts { get; } = new(terminal);

    /// <summary>Progress bars, on a screen only.</summary>
    public ProgressBars Progress => new(Screen, terminal.ErrorIsScreen);

    public T? Value<T>(Argument<T> argument) => arguments.GetValue(argument);

    public T? Value<T>(Option<T> option) => arguments.GetValue(option);

    /// <summary>A line for the person, on standard error.</summary>
    public void Note(string line) => terminal.Error.WriteLine(line);

    /// <summary>
    /// Connects to the servers that <paramref name="needs"/> name, with an up-to-date schema. They are the command's
    /// until it ends; a second call returns the same session.
    /// </summary>
    /// <exception cref="CommandException">They are not configured, or the schema has to be migrated first.</exception>
    public async Task<Session> OpenAsync(ServerNeeds needs, CancellationToken cancellationToken) =>
        _session ??= await Session.OpenAsync(terminal, needs, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_session is not null) await _session.DisposeAsync();
    }
}
