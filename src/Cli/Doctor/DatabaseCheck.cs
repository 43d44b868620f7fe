using Dapper;
using NodaTime;
using Npgsql;
using Tally.Azure;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Database;
using Tally.Reporting.Days;

namespace Tally.Cli.Doctor;

/// <summary>Whether the database answers, is new enough, has the schema, agrees on the time, and has connections to give.</summary>
internal sealed class DatabaseCheck(IClock clock)
{
    private const int OldestVersion = 150_000;

    private const string Select = """
        /* tally:doctor.database */
        SELECT current_setting('server_version') AS version,
               current_setting('server_version_num')::int AS version_number,
               clock_timestamp() AS now,
               current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery() AS is_read_only,
               current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections,
               (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections_in_use
        """;

    // Beyond this, days near midnight and expiring leases begin to look wrong.
    private static readonly Duration ToleratedDrift = Duration.FromSeconds(5);

    public async Task<IReadOnlyList<Finding>> RunAsync(FoundServers servers, CancellationToken cancellationToken)
    {
        if (servers.Database == ServerOrigin.Local)
            return [new Finding("database", Status.Ok, "not configured: each command starts a local one, 'tally up' one for all")];

        try
        {
            var connectionString = ServerSettings.DatabaseOf(servers.Settings)!;
            await using var database = TallyDataSource.Create(connectionString, DatabaseIdentity.Password(servers.Settings));
            var server = await ReadAsync(database, cancellationToken);
            return
            [
                CheckVersion(servers, server),
                .. CheckWrites(server),
                .. await AppRoleCheck.RunAsync(database, cancellationToken),
                await CheckSchemaAsync(database, cancellationToken),
                await CheckDaysAsync(database, cancellationToken),
                CheckClock(server),
                CheckConnections(server, new NpgsqlConnectionStringBuilder(database.ConnectionString).MaxPoolSize),
                CheckBudget(await ConnectionBudget.ReadAsync(database, ConnectionBudget.CountProcesses(servers.Settings), cancellationToken)),
            ];
        }
        catch (Exception exception) when (exception is NpgsqlException or ArgumentException or CommandException)
        {
            return [new Finding("database", Status.Failed, ErrorMessage.Of(exception))];
        }
    }

    private static async Task<ServerState> ReadAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<ServerState>(new CommandDefinition(Select, cancellationToken: cancellationToken));
    }

    private static Finding CheckVersion(FoundServers servers, ServerState server)
    {
        var where = $"PostgreSQL {server.Version} at {ServerAddress.OfDatabase(servers.Settings)}, from {ServerAddress.Describe(servers.Database)}";
        return server.VersionNumber >= OldestVersion
            ? new Finding("database", Status.Ok, where)
            : new Finding("database", Status.Failed, $"{where}; Tally needs version {OldestVersion / 10_000} or newer");
    }

    private static IEnumerable<Finding> CheckWrites(ServerState server) => server.IsReadOnly
        ? [new Finding("writes", Status.Failed, "the server is read-only, so every message waits; a managed server does that when its storage is nearly full: give it more, or set default_transaction_read_only off")]
        : [];

    private static async Task<Finding> CheckSchemaAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        try
        {
            var status = await new Migrator(database).GetStatusAsync(cancellationToken);
            return status.Pending.Count == 0
                ? new Finding("schema", Status.Ok, $"up to date, {Words.Count(status.Applied.Count, "migration")}")
                : new Finding("schema", Status.Failed, $"{Words.Count(status.Pending.Count, "migration")} pending; run 'tally db migrate'");
        }
        catch (MigrationException exception)
        {
            return new Finding("schema", Status.Failed, exception.Message);
        }
    }

    private static async Task<Finding> CheckDaysAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        if ((await new Migrator(database).GetStatusAsync(cancellationToken)).Pending.Count > 0) return new Finding("days", Status.Warning, "not looked at before the migrations are applied");
        var days = await UncoveredDayCount.CountAsync(database, cancellationToken);
        var detail = $"{Words.Count(days.Dirty, "day")} to rebuild, {Words.Count(days.CutOtherwise, "day")} cut with other windows than time zone data {days.ZoneData} give";
        return days.Dirty + days.CutOtherwise == 0
            ? new Finding("days", Status.Ok, detail)
            : new Finding("days", Status.Warning, $"{detail}; reports read them from raw events until then; 'tally rollups reconcile' queues them");
    }

    private Finding CheckClock(ServerState server)
    {
        var drift = server.Now - clock.GetCurrentInstant();
        var seconds = FormattableString.Invariant($"{drift.TotalSeconds:0.0} s");
        return drift < ToleratedDrift && drift > -ToleratedDrift
            ? new Finding("clock", Status.Ok, $"the database's differs by {seconds}")
            : new Finding("clock", Status.Warning, $"the database's differs by {seconds}; set both by a time server");
    }

    private static Finding CheckConnections(ServerState server, int poolSize)
    {
        var free = server.Connections - server.ConnectionsInUse;
        var detail = $"{server.Connections} for everybody, {server.ConnectionsInUse} in use; each process of Tally takes up to {poolSize}, so that {Math.Max(free / poolSize, 0)} more fit";
        return free >= poolSize
            ? new Finding("connections", Status.Ok, detail)
            : new Finding("connections", Status.Warning, $"{detail}; lower Maximum Pool Size in ConnectionStrings__Tally, raise max_connections, or put a pooler between");
    }

    private static Finding CheckBudget(ConnectionBudget budget) => budget.FindMisfit() is { } misfit
        ? new Finding("connection budget", Status.Failed, misfit)
        : new Finding("connection budget", Status.Ok, budget.Sum);

    private sealed record ServerState
    {
        public required string Version { get; init; }

        public required int VersionNumber { get; init; }

        public required Instant Now { get; init; }

        public required bool IsReadOnly { get; init; }

        public required int Connections { get; init; }

        public required int ConnectionsInUse { get; init; }
    }
}
