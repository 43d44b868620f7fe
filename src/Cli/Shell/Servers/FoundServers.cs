using LocalServices;
using Microsoft.Extensions.Configuration;

namespace Tally.Cli.Shell.Servers;

/// <summary>The servers of a command, and who named each.</summary>
internal sealed class FoundServers : IAsyncDisposable
{
    private readonly LocalServers? _started;

    private FoundServers(IConfiguration settings, LocalServers? started) => (Settings, _started) = (settings, started);

    /// <summary>The settings, naming the servers wherever they were found.</summary>
    public IConfiguration Settings { get; }

    public ServerOrigin Database { get; private init; }

    public ServerOrigin Queues { get; private init; }

    /// <summary>
    /// Looks for each server in this order: settings, a running <c>tally up</c> of this checkout, local ones that run as long
    /// as the command.
    /// </summary>
    /// <exception cref="CommandException">One server is configured and the other is not, or there is no checkout to run local ones in.</exception>
    public static async Task<FoundServers> FindAsync(Terminal terminal, ServerNeeds needs, CancellationToken cancellationToken)
    {
        var found = Look(terminal, needs);
        RefuseHalf(found.Database, found.Queues);
        if (found.Database == ServerOrigin.Local || found.Queues == ServerOrigin.Local)
            await terminal.Error.WriteLineAsync("No servers are configured and no 'tally up' is running: local ones run for this command, with the data in .local/data.");
        return await StartAsync(terminal, found, cancellationToken);
    }

    /// <summary>As <see cref="FindAsync"/>, but starts nothing: where it would start a local server, the settings name none.</summary>
    public static FoundServers Look(Terminal terminal, ServerNeeds needs)
    {
        var settings = ServerSettings.Load(terminal);
        var running = terminal.Checkout is { } checkout ? RunningServers.TryRead(LocalDirectory(checkout)) : null;
        var database = Origin(needs.HasFlag(ServerNeeds.Database), ServerSettings.DatabaseOf(settings) is not null, running is not null);
        var queues = Origin(needs.HasFlag(ServerNeeds.Queues), ServerSettings.NameQueues(settings), running is not null);
        var found = ServerSettings.With(
            settings,
            database == ServerOrigin.TallyUp ? running!.PostgresConnectionString : null,
            queues == ServerOrigin.TallyUp ? running!.StorageConnectionString : null);
        return new FoundServers(found, null) { Database = database, Queues = queues };
    }

    /// <summary>The servers for <c>tally up</c>: those of the settings, and local ones for the rest.</summary>
    public static async Task<FoundServers> ForUpAsync(Terminal terminal, CancellationToken cancellationToken)
    {
        var settings = ServerSettings.Load(terminal);
        var database = Origin(isNeeded: true, ServerSettings.DatabaseOf(settings) is not null, isRunning: false);
        var queues = Origin(isNeeded: true, ServerSettings.QueuesOf(settings) is not null, isRunning: false);
        return await StartAsync(terminal, new FoundServers(settings, null) { Database = database, Queues = queues }, cancellationToken);
    }

    /// <summary>These servers, whatever the settings say; the caller stops them.</summary>
    public static FoundServers Of(LocalServers servers) =>
        new(ServerSettings.With(new ConfigurationBuilder().Build(), servers.PostgresConnectionString, servers.StorageConnectionString), null)
        {
            Database = ServerOrigin.Local,
            Queues = ServerOrigin.Local,
        };

    /// <summary>Where running leaves its files.</summary>
    public static string LocalDirectory(string checkout) => Path.Combine(checkout, ".local");

    public ValueTask DisposeAsync() => _started?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static ServerOrigin Origin(bool isNeeded, bool isConfigured, bool isRunning) =>
        !isNeeded ? ServerOrigin.None : isConfigured ? ServerOrigin.Settings : isRunning ? ServerOrigin.TallyUp : ServerOrigin.Local;

    // Work for a configured database must not vanish in a queue that ends with the command, nor the other way round.
    private static void RefuseHalf(ServerOrigin database, ServerOrigin queues)
    {
        if (database == ServerOrigin.Settings && queues == ServerOrigin.Local)
            throw new CommandException("ConnectionStrings__Tally is set and AzureWebJobsStorage is not. Set both, or neither for local servers, or start 'tally up'.");
        if (queues == ServerOrigin.Settings && database == ServerOrigin.Local)
            throw new CommandException("AzureWebJobsStorage is set and ConnectionStrings__Tally is not. Set both, or neither for local servers, or start 'tally up'.");
    }

    private static async Task<FoundServers> StartAsync(Terminal terminal, FoundServers found, CancellationToken cancellationToken)
    {
        if (found.Database != ServerOrigin.Local && found.Queues != ServerOrigin.Local) return found;
        var checkout = terminal.Checkout ?? throw new CommandException(
            "No servers are configured and this is no checkout to run local ones in. Set ConnectionStrings__Tally and AzureWebJobsStorage.");
        var started = await LocalServers.StartAsync(
            new LocalServersOptions
            {
                DataDirectory = Path.Combine(LocalDirectory(checkout), "data"),
                Postgres = found.Database == ServerOrigin.Local,
                Azurite = found.Queues == ServerOrigin.Local,
                Announce = terminal.Error.WriteLine,
            },
            cancellationToken);
        return new FoundServers(ServerSettings.With(found.Settings, started.PostgresConnectionString, started.StorageConnectionString), started)
        {
            Database = found.Database,
            Queues = found.Queues,
        };
    }
}
