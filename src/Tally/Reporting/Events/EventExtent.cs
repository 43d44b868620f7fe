using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Reporting.Events;

/// <summary>Finds when an account's first and last event were, by index.</summary>
internal sealed class EventExtent(NpgsqlDataSource dataSource)
{
    private const string Select = """
        /* tally:events.extent */
        SELECT min(created_at), max(created_at) FROM reporting.reporting_events WHERE account_id = @account_id
        """;

    /// <summary>Both null if the account has no event.</summary>
    public async Task<(Instant? First, Instant? Last)> FindAsync(long accountId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await FindAsync(connection, accountId, cancellationToken);
    }

    /// <summary>The same, in the transaction of <paramref name="connection"/>, if it is in one.</summary>
    public static Task<(Instant? First, Instant? Last)> FindAsync(NpgsqlConnection connection, long accountId, CancellationToken cancellationToken) =>
        connection.QuerySingleAsync<(Instant? First, Instant? Last)>(new CommandDefinition(Select, new { account_id = accountId }, cancellationToken: cancellationToken));
}
