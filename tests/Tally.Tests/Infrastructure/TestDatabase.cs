using Npgsql;
using Tally.Database;
using Xunit;

namespace Tally.Tests.Infrastructure;

/// <summary>A migrated database of its own, for one test class: <c>IClassFixture&lt;TestDatabase&gt;</c>.</summary>
public sealed class TestDatabase : IAsyncLifetime
{
    private const long TemplateLock = 0x7465737464617461;

    // Named after the migrations, so that a server that lives longer than a test run keeps no stale one.
    private static readonly string Template = "tally_template_" + Convert.ToHexStringLower(
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', Migration.All.Select(migration => migration.Checksum)))))[..16];
    private static volatile bool _templateIsReady;

    private readonly string _name = $"test_{Guid.NewGuid():N}";

    /// <summary>Opens connections to it; with Tally's mappings.</summary>
    public NpgsqlDataSource DataSource { get; private set; } = null!;

    /// <summary>Names it, with the password.</summary>
    public string ConnectionString => In(_name).ConnectionString;

    /// <summary>Copies the migrated template, which the first call makes.</summary>
    public async Task InitializeAsync()
    {
        await using var server = await OpenServerAsync();
        // A template is copied only while nobody is connected to it. The lock ends with the connection.
        await ExecuteAsync(server, $"SELECT pg_advisory_lock({TemplateLock})");
        if (!_templateIsReady) await MigrateTemplateAsync(server);
        _templateIsReady = true;
        await ExecuteAsync(server, $"CREATE DATABASE {_name} TEMPLATE {Template}");
        DataSource = TallyDataSource.Create(ConnectionString);
    }

    /// <summary>A copy of it as it is now, as a restore to this moment makes one. Whoever is connected is cut off.</summary>
    public async Task<TestDatabase> CopyAsync()
    {
        var copy = new TestDatabase();
        await using var server = await OpenServerAsync();
        await ExecuteAsync(server, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_name}'");
        await ExecuteAsync(server, $"CREATE DATABASE {copy._name} TEMPLATE {_name}");
        DataSource.Clear();
        copy.DataSource = TallyDataSource.Create(copy.ConnectionString);
        return copy;
    }

    /// <summary>Drops it, whoever is still connected.</summary>
    public async Task DisposeAsync()
    {
        if (DataSource is not null) await DataSource.DisposeAsync();
        await using var server = await OpenServerAsync();
        await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {_name} WITH (FORCE)");
    }

    private static async Task MigrateTemplateAsync(NpgsqlConnection server)
    {
        await using (var find = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = @name", server) { Parameters = { new("name", Template) } })
            if (await find.ExecuteScalarAsync() is null)
                await ExecuteAsync(server, $"CREATE DATABASE {Template}");

        await using var template = TallyDataSource.Create(In(Template, pooling: false).ConnectionString);
        await new Migrator(template).MigrateAsync();
    }

    private static async Task<NpgsqlConnection> OpenServerAsync()
    {
        var server = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(TestServers.PostgresConnectionString) { Pooling = false }.ConnectionString);
        await server.OpenAsync();
        return server;
    }

    private static NpgsqlConnectionStringBuilder In(string database, bool pooling = true) =>
        new(TestServers.PostgresConnectionString) { Database = database, Pooling = pooling };

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 60 };
        await command.ExecuteNonQueryAsync();
    }
}
