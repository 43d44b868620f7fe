using Dapper;
using LocalServices;
using Npgsql;

namespace Tally.Benchmarks;

/// <summary>A database for one run, on the server of <c>ConnectionStrings__Tally</c> or on one of its own; gone afterwards.</summary>
internal sealed class BenchmarkServer : IAsyncDisposable
{
    private readonly LocalServers? _local;
    private readonly string _server;
    private readonly string _database = $"tally_benchmark_{Environment.ProcessId}";

    private BenchmarkServer(LocalServers? local, string server)
    {
        _local = local;
        _server = server;
    }

    public string ConnectionString => new NpgsqlConnectionStringBuilder(_server) { Database = _database, PersistSecurityInfo = true }.ConnectionString;

    public static async Task<BenchmarkServer> StartAsync(CancellationToken cancellationToken)
    {
        var configured = Environment.GetEnvironmentVariable("ConnectionStrings__Tally");
        // Durable, as in production: a commit waits for its flush.
        var local = string.IsNullOrEmpty(configured)
            ? await LocalServers.StartAsync(new LocalServersOptions
            {
                DataDirectory = Path.Combine(CheckoutDirectory.LocalDirectory, "benchmark"),
                Azurite = false,
                Ephemeral = true,
                Announce = Console.Error.WriteLine,
            }, cancellationToken)
            : null;
        var server = new BenchmarkServer(local, local?.PostgresConnectionString ?? configured!);
        await server.ExecuteAsync($"CREATE DATABASE {server._database}");
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await ExecuteAsync($"DROP DATABASE IF EXISTS {_database} WITH (FORCE)");
        if (_local is not null) await _local.DisposeAsync();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await connection.ExecuteAsync(sql);
    }
}
