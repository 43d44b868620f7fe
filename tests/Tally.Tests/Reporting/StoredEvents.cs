using Dapper;
using Npgsql;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Tests.Reporting;

/// <summary>The raw events as they are stored.</summary>
internal static class StoredEvents
{
    public const string Sql = """
        SELECT account_id, id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id, event_start_time, event_end_time, created_at
        FROM reporting.reporting_events WHERE account_id = @account_id
        ORDER BY created_at, id
        """;

    public static async Task<IReadOnlyList<ReportingEvent>> ReadAsync(NpgsqlDataSource dataSource, long accountId)
    {
        await using var connection = await dataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<ReportingEvent>(Sql, new { account_id = accountId })];
    }
}
