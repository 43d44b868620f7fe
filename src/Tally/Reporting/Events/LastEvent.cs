using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Reporting.Events;

/// <summary>Finds an account's latest event, by index.</summary>
internal sealed class LastEvent(NpgsqlDataSource dataSource)
{
    private const string Select = "/* tally:events.last */ SELECT max(created_at) FROM reporting.reporting_events WHERE account_id = @account_id";

    /// <summary>When it was; null if the account has none.</summary>
    public async Task<Instant?> FindAsync(long accountId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<Instant?>(new CommandDefinition(Select, new { account_id = accountId }, cancellationToken: cancellationToken));
    }
}
