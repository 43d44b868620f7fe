using LocalServices;
using Microsoft.Extensions.Configuration;

namespace Tally.Cli.Shell.Servers;

/// <summary>
/// The servers of a command, each looked for in this order: settings, a running <c>tally up</c> of this checkout, local
/// ones that run as long as the command.
/// </summary>
internal sealed class FoundServers : IAsyncDisposable
{
    private LocalServers? _started;

    /// <summary>The settings, naming the servers wherever they were found.</summary>
    public required IConfiguration Settings { get; init; }

    public ServerOrigin Database { get; private init; }

    public ServerOrigin Queues { get; private init; }

    /// <exception cref="CommandException">One server is configured and the other is not, or there is no checkout to run local ones in.</exception>
    public static async Task<FoundServers> FindAsync(Terminal terminal, ServerNeeds needs, CancellationToken cancellationToken)
    {
        var settings = ServerSettings.Load(terminal);
        var running = terminal.Checkout is { } checkout ? RunningServers.TryRead(LocalDirectory(checkout)) : null;
        var database = Origin(needs.HasFlag(ServerNeeds.Database), ServerSettings.DatabaseOf(settings) is not null, running is not null);
        var queues = Origin(needs.HasFlag(ServerNeeds.Queues), ServerSettings.QueuesOf(settings) is not null, running is not null);
        RefuseHalf(database, queues);

        var started = database == ServerOrigin.Local || queues == ServerOrigin.Local
            ? await StartAsync(terminal, database == ServerOrigin.Local, queues == ServerOrigin.Local, cancellationToken)
            : null;
        return new FoundServers
        {
            Settings = ServerSettings.With(
                settings,
                database == ServerOrigin.RunningUp ? running!.PostgresConnectionString : started?.PostgresConnectionString,
                queues == ServerOrigin.RunningUp ? running!.StorageConnectionString : started?.StorageConnectionString),
            Database = database,
            Queues = queues,
            _started = started,
        };
    }

    /// <summary>Where running leaves its files.</summary>
    public static string LocalDirectory(string checkout) => Path.Combine(checkout, ".local");

    public async ValueTask DisposeAsync()
    {
        if (_started is not null) await _started.DisposeAsync();
        _started = null;
    }

    private static ServerOrigin Origin(bool isNeeded, bool isConfigured, bool isRunning) =>
        !isNeeded ? ServerOrigin.None : isConfigured ? ServerOrigin.Settings : isRunning ? ServerOrigin.RunningUp : ServerOrigin.Local;

    // Work for a configured database must not vanish in a queue that ends with the command, nor the other way round.
    private static void RefuseHalf(ServerOrigin database, ServerOrigin queues)
    {
        if (database == ServerOrigin.Settings && queues == ServerOrigin.Local)
            throw new CommandException("ConnectionStrings__Tally is set and AzureWebJobsStorage is not. Set both, or neither for local servers, or start 'tally up'.");
        if (queues == ServerOrigin.Settings && database == ServerOrigin.Local)
            throw new CommandException("AzureWebJobsStorage is set and ConnectionStrings__Tally is not. Set both, or neither for local servers, or start 'tally up'.");
    }

    private static async Task<LocalServers> StartAsync(Terminal terminal, bool database, bool queues, CancellationToken cancellationToken)
    {
        var checkout = terminal.Checkout ?? throw new CommandException(
            "No servers are configured and this is no checkout to run local ones in. Set ConnectionStrings__Tally and AzureWebJobsStorage.");
        await terminal.Error.WriteLineAsync($"No servers are configured and no 'tally up' is running: starting local ones for this command, with the data of {Path.Combine(".local", "data")}.");
        return await LocalServers.StartAsync(
            new LocalServersOptions
            {
                DataDirectory = Path.Combine(LocalDirectory(checkout), "data"),
                Postgres = database,
                Azurite = queues,
                Announce = terminal.Error.WriteLine,
            },
            cancellationToken);
    }
}
