using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Tally.Reporting;
using Tally.Reporting.Days;
using Tally.Reporting.Events;

namespace Tally.Benchmarks.Reporting;

/// <summary>
/// The original's rebuild of a day: six grouped queries outside any transaction, then one that deletes the day's
/// rows and inserts the new ones.
/// </summary>
internal sealed class OriginalBackfill(NpgsqlDataSource dataSource)
{
    private static readonly (string Type, string? Column)[] Dimensions = [("account", null), ("agent", "user_id"), ("inbox", "inbox_id")];

    public async Task RebuildAsync(long accountId, LocalDay day, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var rows = new Dictionary<(string Type, long Id, string Metric), (long Count, double Sum, double BusinessSum)>();
        foreach (var (type, column) in Dimensions)
        {
            foreach (var isDistinct in new[] { false, true }) await AggregateAsync(connection, accountId, day, type, column, isDistinct, rows, cancellationToken);
        }

        await connection.InTransactionAsync(async () =>
        {
            await using var delete = new NpgsqlCommand("DELETE FROM original.reporting_events_rollups WHERE account_id = $1 AND date = $2", connection);
            delete.Parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)accountId });
            delete.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day.Date.ToDateOnly() });
            await delete.ExecuteNonQueryAsync(cancellationToken);
            if (rows.Count == 0) return;
            await using var insert = new NpgsqlCommand(InsertSql(accountId, day, rows), connection);
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }, cancellationToken);
    }

    private static async Task AggregateAsync(
        NpgsqlConnection connection, long accountId, LocalDay day, string type, string? column, bool isDistinct,
        Dictionary<(string, long, string), (long, double, double)> rows, CancellationToken cancellationToken)
    {
        var names = isDistinct ? [EventMetricRegistry.BotHandoff] : EventMetricRegistry.EventNames.Where(name => name != EventMetricRegistry.BotHandoff).ToArray();
        var measures = isDistinct ? "count(DISTINCT conversation_id), 0.0::float8, 0.0::float8" : "count(*), coalesce(sum(value), 0), coalesce(sum(value_in_business_hours), 0)";
        var member = column ?? "account_id";
        await using var query = new NpgsqlCommand(
            $"SELECT name, {member}, {measures} FROM original.reporting_events WHERE account_id = $1 AND name = ANY($2) AND created_at >= $3 AND created_at < $4 GROUP BY name, {member}", connection);
        query.Parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)accountId });
        query.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = names });
        foreach (var bound in new[] { day.Start, day.End })
            query.Parameters.Add(new NpgsqlParameter<DateTime> { NpgsqlDbType = NpgsqlDbType.Timestamp, TypedValue = bound.ToDateTimeUtc().AsUnspecified() });
        await using var reader = await query.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (await reader.IsDBNullAsync(1, cancellationToken)) continue;
            foreach (var amount in EventMetricRegistry.Amounts(reader.GetString(0), reader.GetInt64(2), (decimal)reader.GetDouble(3), (decimal)reader.GetDouble(4)))
                rows[(type, reader.GetInt32(1), amount.Metric)] = (amount.Count, (double)amount.SumValue, (double)amount.SumValueBusinessHours);
        }
    }

    private static string InsertSql(long accountId, LocalDay day, Dictionary<(string Type, long Id, string Metric), (long Count, double Sum, double BusinessSum)> rows)
    {
        var sql = new StringBuilder("INSERT INTO original.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours, created_at, updated_at) VALUES ");
        foreach (var (key, amount) in rows)
        {
            sql.Append(CultureInfo.InvariantCulture,
                $"({accountId},'{day.Date:uuuu-MM-dd}','{key.Type}',{key.Id},'{key.Metric}',{amount.Count},{amount.Sum},{amount.BusinessSum},'2026-03-02','2026-03-02'),");
        }

        sql.Length--;
        return sql.Append(" ON CONFLICT DO NOTHING").ToString();
    }
}
