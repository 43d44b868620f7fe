using System.CommandLine;
using NodaTime;
using Spectre.Console;
using Tally.Cli.Shell.Output;
using Tally.Cli.Shell.Servers;
using Tally.Dashboard.Hosting;
using Tally.Dashboard.Pages;

namespace Tally.Cli.Shell;

/// <summary>What one run of a command works with.</summary>
internal sealed class CommandContext(ParseResult arguments, Terminal terminal) : IAsyncDisposable
{
    private Session? _session;
    private ProgressBars? _progress;

    public Terminal Terminal => terminal;

    public IClock Clock => terminal.Clock;

    /// <summary>The format that <c>--output</c> names.</summary>
    public OutputFormat Format { get; } = arguments.GetValue(Inputs.Output);

    /// <summary>Where results go, in that format.</summary>
    public IOutput Output { get; } = Outputs.Create(arguments.GetValue(Inputs.Output), arguments.GetValue(Inputs.Raw), terminal);

    /// <summary>For what is drawn rather than read by programs: standard error, so that results stay clean.</summary>
    public IAnsiConsole Screen { get; } = Consoles.Create(terminal.Error, terminal.ErrorIsScreen);

    /// <summary>Progress bars, on a screen only.</summary>
    public ProgressBars Progress => _progress ??= new(Screen, terminal.ErrorIsScreen);

    /// <summary>Whether <see cref="Draw"/> draws: for people at a screen, beside a table or CSV.</summary>
    public bool Draws => terminal.ErrorIsScreen && Format != OutputFormat.Json;

    public T? Value<T>(Argument<T> argument) => arguments.GetValue(argument);

    public T? Value<T>(Option<T> option) => arguments.GetValue(option);

    /// <summary>The result as a page to share: one file, with the time it was made.</summary>
    public async Task WritePageAsync(Page page) => await terminal.Out.WriteAsync(await PageFile.OfAsync(page, Clock.GetCurrentInstant()));

    /// <summary>A line for the person, on standard error.</summary>
    public void Note(string line)
    {
        if (Progress.IsDrawing) Screen.WriteLine(line);
        else terminal.Error.WriteLine(line);
    }

    /// <summary>A chart under a title, if there is a screen and something to draw.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="chart">Draws it so many columns wide: one of <see cref="Charts"/>.</param>
    public void Draw(string title, Func<int, string> chart)
    {
        if (!Draws || chart(Screen.Profile.Width) is not { Length: > 0 } drawn) return;
        Note(title);
        Screen.WriteLine(drawn);
    }

    /// <summary>Reads something that may take a while, with a word on the screen.</summary>
    public Task<T> ReadAsync<T>(Task<T> reading) => Progress.RunAsync("Reading", _ => reading);

    /// <summary>Asks on standard error and reads a line of standard input; a pipe can answer too.</summary>
    /// <returns>The trimmed answer; null when it is empty or the input has ended.</returns>
    public async Task<string?> AskAsync(string question, CancellationToken cancellationToken)
    {
        await terminal.Error.WriteAsync($"{question} ");
        await terminal.Error.FlushAsync(cancellationToken);
        // A read of a console cannot be cancelled, only left behind.
        var answer = await terminal.In.ReadLineAsync(cancellationToken).AsTask().WaitAsync(cancellationToken);
        if (answer is null || !terminal.ErrorIsScreen) await terminal.Error.WriteLineAsync();
        return string.IsNullOrWhiteSpace(answer) ? null : answer.Trim();
    }

    /// <summary>True for y or yes; no answer is no.</summary>
    public async Task<bool> ConfirmAsync(string question, CancellationToken cancellationToken) =>
        (await AskAsync($"{question} (y/N):", cancellationToken))?.ToUpperInvariant() is "Y" or "YES";

    /// <summary>Asks before something that cannot be undone, unless <paramref name="yes"/> was given. After a no it says <paramref name="declined"/>.</summary>
    public async Task<bool> ConfirmAsync(Option<bool> yes, string question, string declined, CancellationToken cancellationToken)
    {
        if (Value(yes) || await ConfirmAsync(question, cancellationToken)) return true;
        Note($"{declined}. Answer y, or use --yes.");
        return false;
    }

    /// <summary>
    /// Connects to the servers that <paramref name="needs"/> name, with an up-to-date schema. They are the command's
    /// until it ends; a second call returns the same session.
    /// </summary>
    /// <exception cref="CommandException">They are not configured, or the schema has to be migrated first.</exception>
    public async Task<Session> OpenAsync(ServerNeeds needs, CancellationToken cancellationToken) =>
        _session ??= await Session.OpenAsync(terminal, needs, cancellationToken);

    /// <summary>One of Tally's services, over the database.</summary>
    /// <inheritdoc cref="OpenAsync"/>
    public async Task<T> GetAsync<T>(CancellationToken cancellationToken)
        where T : notnull => (await OpenAsync(ServerNeeds.Database, cancellationToken)).Get<T>();

    public async ValueTask DisposeAsync()
    {
        if (_session is not null) await _session.DisposeAsync();
    }
}
