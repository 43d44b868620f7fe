using System.Diagnostics;
using LocalServices;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Cli.Up;

namespace Tally.Cli.Demo;

/// <summary>Servers of the demo's own, with empty data, and the function app beside them; all of it is gone at the end.</summary>
internal sealed class DemoWorld : IAsyncDisposable
{
    private readonly CommandContext _context;
    private readonly LocalServers _servers;
    private readonly string _folder;
    private readonly TextWriter _log;
    private FunctionApp? _app;

    private DemoWorld(CommandContext context, LocalServers servers, Session session, string folder)
    {
        (_context, _servers, Session, _folder) = (context, servers, session, folder);
        _log = TextWriter.Synchronized(new StreamWriter(LogPath, append: false));
    }

    public Session Session { get; }

    /// <summary>What the function app wrote.</summary>
    public string LogPath => Path.Combine(_folder, "functions.log");

    public static async Task<DemoWorld> CreateAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var checkout = context.Terminal.Checkout ?? throw new CommandException("This is no checkout. 'tally demo' runs in the folder of Functions.sln.");
        var folder = Path.Combine(FoundServers.LocalDirectory(checkout), "demo");
        Directory.CreateDirectory(folder);
        var servers = await LocalServers.StartAsync(
            new LocalServersOptions { DataDirectory = folder, Ephemeral = true, Announce = context.Note }, cancellationToken);
        try
        {
            var session = await Session.OpenAsync(context.Terminal, FoundServers.Of(servers), requireSchema: true, cancellationToken);
            return new DemoWorld(context, servers, session, folder);
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the function app.</summary>
    public void StartFunctionApp() => _app ??= FunctionApp.Start(_context.Terminal, Settings(), _log.WriteLine);

    /// <summary>Throws if the function app has ended.</summary>
    /// <exception cref="CommandException">It has.</exception>
    public void RequireFunctionApp()
    {
        if (_app is not { Ended.IsCompleted: true }) return;
        _log.Flush();
        throw new CommandException($"The function app ended before the demo did; {LogPath} says why.");
    }

    /// <summary>Does a step with a progress bar, and says how long it took.</summary>
    public async Task<(T Result, TimeSpan Took)> StepAsync<T>(string title, double total, string unit, Func<IProgress<double>, Task<T>> work)
    {
        var time = Stopwatch.StartNew();
        var result = await _context.Progress.RunAsync(title, total, unit, work);
        _context.Note(FormattableString.Invariant($"{title}: {time.Elapsed.TotalSeconds:0.0} s"));
        return (result, time.Elapsed);
    }

    /// <summary>Lends the servers to other commands of this checkout until the result is disposed.</summary>
    public IDisposable Lend() => RunningServers.Publish(Path.GetDirectoryName(_folder)!, new RunningServers
    {
        PostgresConnectionString = _servers.PostgresConnectionString!,
        StorageConnectionString = _servers.StorageConnectionString!,
    });

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        await _log.DisposeAsync();
        await Session.DisposeAsync();
        await _servers.DisposeAsync();
    }

    private IEnumerable<KeyValuePair<string, string>> Settings() =>
    [
        KeyValuePair.Create(ServerSettings.Database, _servers.PostgresConnectionString!),
        KeyValuePair.Create(ServerSettings.Queues, _servers.StorageConnectionString!),
        KeyValuePair.Create(QueueNames.Connection, _servers.StorageConnectionString!),
        // It comes before the others, wherever they are set.
        KeyValuePair.Create($"AzureWebJobs{QueueNames.Connection}", _servers.StorageConnectionString!),
        KeyValuePair.Create("LocalHost:AdminPort", "0"),
        // The demo makes these ticks itself.
        KeyValuePair.Create("AzureWebJobs:CountValueStreams:Disabled", "true"),
        KeyValuePair.Create("AzureWebJobs:RefreshBilling:Disabled", "true"),
        // Two lines for each of some thousand messages tell nobody anything.
        KeyValuePair.Create("AzureFunctionsJobHost:logging:logLevel:Function", "Warning"),
    ];
}
