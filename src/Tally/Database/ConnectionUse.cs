using Dapper;
using Npgsql;

namespace Tally.Database;

/// <summary>Connections of the server: those for everybody, and those that are open.</summary>
internal sealed record ConnectionUse(int Available, int InUse)
{
    private const string Select = """
        /* tally:database.connection_use */
        SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS available,
               (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS in_use
        """;

    public static async Task<ConnectionUse> ReadAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<ConnectionUse>(new CommandDefinition(Select, cancellationToken: cancellationToken));
    }
}
