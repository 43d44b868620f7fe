using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tally.Azure;
using Tally.Cli.Queues;
using Tally.Database;
using Tally.Reporting.Poison;

namespace Tally.Cli.Shell.Servers;

/// <summary>Servers, and Tally's services over them.</summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly FoundServers _servers;
    private readonly ServiceProvider _services;
    private readonly Lazy<QueueAccount> _queues;

    private Session(FoundServers servers, Terminal terminal)
    {
        _servers = servers;
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(servers.Settings)
            .AddSingleton(terminal.Clock)
            .AddSingleton<IMessageSender>(new SessionSender(this))
            .AddSingleton<IPoisonQueues>(new SessionPoisonQueues(this))
            .AddTally(servers.Settings, DatabaseIdentity.Password(servers.Settings))
            .BuildServiceProvider();
        _queues = new(() => ServerSettings.QueuesOf(servers.Settings)
            ?? throw new InvalidOperationException($"This command opened its session without {nameof(ServerNeeds)}.{nameof(ServerNeeds.Queues)}."));
    }

    /// <summary>The settings, naming the servers in use.</summary>
    public IConfiguration Settings => _servers.Settings;

    public NpgsqlDataSource Database => Get<NpgsqlDataSource>();

    public QueueAccount Queues => _queues.Value;

    /// <summary>Who named the servers.</summary>
    public (ServerOrigin Database, ServerOrigin Queues) Origin => (_servers.Database, _servers.Queues);

    /// <summary>One of Tally's services.</summary>
    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Finds the servers that <paramref name="needs"/> name and connects to them.</summary>
    public static async Task<Session> OpenAsync(Terminal terminal, ServerNeeds needs, CancellationToken cancellationToken) =>
        await OpenAsync(terminal, await FoundServers.FindAsync(terminal, needs, cancellationToken), requireSchema: !needs.HasFlag(ServerNeeds.AnySchema), cancellationToken);

    /// <summary>
    /// Connects to <paramref name="servers"/>, which are the session's from here on. The schema of local ones is brought up to
    /// date; that of others is somebody's decision.
    /// </summary>
    /// <exception cref="CommandException">The schema has to be migrated first.</exception>
    public static async Task<Session> OpenAsync(Terminal terminal, FoundServers servers, bool requireSchema, CancellationToken cancellationToken)
    {
        var session = new Session(servers, terminal);
        try
        {
            if (servers.Database == ServerOrigin.Local) await session.Get<Migrator>().MigrateAsync(cancellationToken);
            else if (servers.Database != ServerOrigin.None && requireSchema) await session.RequireSchemaAsync(cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _servers.DisposeAsync();
    }

    /// <summary>Puts messages on the session's queues.</summary>
    private sealed class SessionSender(Session session) : IMessageSender
    {
        public Task SendAsync(string queue, string text, CancellationToken cancellationToken) => session.Queues.GetQueue(queue).SendOrCreateAsync(text, cancellationToken);
    }

    private async Task RequireSchemaAsync(CancellationToken cancellationToken)
    {
        if ((await Get<Migrator>().GetStatusAsync(cancellationToken)).Pending is { Count: > 0 } pending)
            throw new CommandException($"The database lacks {Words.Count(pending.Count, "migration")} of this version, from {pending[0].Number:0000}_{pending[0].Name} on. Run 'tally db migrate'.");
    }
}
