using System.Diagnostics;
using System.Globalization;
using Dapper;
using LocalServices;
using Npgsql;
using Tally.Benchmarks;
using Tally.Database;

namespace Tally.Campaign.Servers;

/// <summary>PostgreSQL with a database of this campaign's own, behind a proxy: it goes and comes back, and its address stays.</summary>
internal sealed class DatabaseServer : IAsyncDisposable
{
    private const string Name = "campaign";

    private readonly LocalServersOptions _options;
    private LocalServers _server;
    private PgBouncer? _pooler;

    private DatabaseServer(LocalServersOptions options, LocalServers server, DelayingProxy proxy)
    {
        (_options, _server, Proxy) = (options, server, proxy);
        ByProxy = new NpgsqlConnectionStringBuilder(Direct) { Port = proxy.Port }.ConnectionString;
    }

    public DelayingProxy Proxy { get; }

    /// <summary>For who is to be hurt.</summary>
    public string ByProxy { get; private set; }

    /// <summary>For who looks on; it changes when the server comes back.</summary>
    public string Direct => new NpgsqlConnectionStringBuilder(_server.PostgresConnectionString) { Database = Name, PersistSecurityInfo = true }.ConnectionString;

    public static async Task<DatabaseServer> StartAsync(CampaignSettings settings, CancellationToken cancellationToken)
    {
        var options = new LocalServersOptions { DataDirectory = Path.Combine(settings.Folder, "postgres"), Azurite = false, Announce = Console.Error.WriteLine };
        var server = await LocalServers.StartAsync(options, cancellationToken);
        var address = new NpgsqlConnectionStringBuilder(server.PostgresConnectionString);
        var database = new DatabaseServer(options, server, await DelayingProxy.StartAsync(address.Host!, address.Port, TimeSpan.Zero, cancellationToken));
        await using (var connection = new NpgsqlConnection(server.PostgresConnectionString))
        {
            await connection.OpenAsync(cancellationToken);
            await connection.ExecuteAsync($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)");
            await connection.ExecuteAsync($"CREATE DATABASE {Name}");
        }

        await using var source = TallyDataSource.Create(database.Direct);
        await new Migrator(source).MigrateAsync(cancellationToken);
        if (settings.PgBouncer) database.ByProxy = (database._pooler = PgBouncer.Start(database.ByProxy, settings.Folder)).ConnectionString;
        return database;
    }

    /// <summary>Ends it at once: sessions are dropped, nothing is written any more, and the next start has to recover.</summary>
    public async Task StopAtOnceAsync()
    {
        await using (var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_server.PostgresConnectionString) { Pooling = false }.ConnectionString))
        {
            await connection.OpenAsync();
            var postmaster = int.Parse((await connection.ExecuteScalarAsync<string>("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)"))!, CultureInfo.InvariantCulture);
            using var process = Process.GetProcessById(postmaster);
            if (OperatingSystem.IsWindows()) process.Kill(entireProcessTree: true);
            else using (var kill = Process.Start("kill", ["-QUIT", postmaster.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
            await process.WaitForExitAsync();
        }

        await _server.DisposeAsync();
    }

    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        _server = await LocalServers.StartAsync(_options, cancellationToken);
        Proxy.MoveTo(new NpgsqlConnectionStringBuilder(_server.PostgresConnectionString).Port);
    }

    public async ValueTask DisposeAsync()
    {
        if (_pooler is not null) await _pooler.DisposeAsync();
        await Proxy.DisposeAsync();
        await _server.DisposeAsync();
    }
}
