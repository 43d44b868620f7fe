using System.Globalization;
using System.Text;
using NodaTime;
using Npgsql;
using NpgsqlTypes;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Benchmarks.Reporting;

/// <summary>
/// The original's live path, statement by statement: the raw row in a transaction of its own, then one
/// multi-row upsert of every rollup row that the event touches, in another.
/// </summary>
internal sealed class OriginalRollups(NpgsqlDataSource dataSource, DateTimeZone zone)
{
    /// <summary>Its tables with no more indexes than its writes and rebuilds use: what it could do at its best.</summary>
    public const string LeanTables = """
        DROP SCHEMA IF EXISTS original CASCADE;
        CREATE SCHEMA original;
        CREATE TABLE original.reporting_events (
            id bigserial PRIMARY KEY, name varchar, value double precision, value_in_business_hours double precision,
            account_id integer, inbox_id integer, user_id integer, conversation_id integer,
            event_start_time timestamp, event_end_time timestamp, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
        CREATE INDEX ON original.reporting_events (account_id, name, created_at);
        CREATE TABLE original.reporting_events_rollups (
            id bigserial PRIMARY KEY, account_id integer NOT NULL, date date NOT NULL, dimension_type varchar NOT NULL, dimension_id bigint NOT NULL,
            metric varchar NOT NULL, count bigint NOT NULL DEFAULT 0, sum_value double precision NOT NULL DEFAULT 0,
            sum_value_business_hours double precision NOT NULL DEFAULT 0, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
        CREATE UNIQUE INDEX ON original.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric);
        """;

    /// <summary>Its tables with the indexes that it has.</summary>
    public const string Tables = LeanTables + """

        CREATE INDEX ON original.reporting_events (account_id, name, inbox_id, created_at);
        CREATE INDEX ON original.reporting_events (account_id);
        CREATE INDEX ON original.reporting_events (conversation_id);
        CREATE INDEX ON original.reporting_events (created_at);
        CREATE INDEX ON original.reporting_events (inbox_id);
        CREATE INDEX ON original.reporting_events (name);
        CREATE INDEX ON original.reporting_events (user_id);
        CREATE INDEX ON original.reporting_events_rollups (account_id, metric, date);
        CREATE INDEX ON original.reporting_events_rollups (account_id, dimension_type, date);
        """;

    private const string InsertRaw = """
        INSERT INTO original.reporting_events (name, value, value_in_business_hours, account_id, inbox_id, user_id, conversation_id, event_end_time, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) RETURNING id
        """;

    public async Task ApplyAsync(ReportingEvent one, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.InTransactionAsync(async () =>
        {
            await using var insert = new NpgsqlCommand(InsertRaw, connection);
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = one.Name });
            insert.Parameters.Add(new NpgsqlParameter<double> { TypedValue = (double)(one.Value ?? 0) });
            insert.Parameters.Add(new NpgsqlParameter<double> { TypedValue = (double)(one.ValueInBusinessHours ?? 0) });
            foreach (var id in new[] { one.AccountId, one.InboxId!.Value, one.UserId!.Value, one.ConversationId!.Value })
                insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)id });
            foreach (var time in new[] { one.EventEndTime!.Value, one.CreatedAt })
                insert.Parameters.Add(new NpgsqlParameter<DateTime> { NpgsqlDbType = NpgsqlDbType.Timestamp, TypedValue = time.ToDateTimeUtc().AsUnspecified() });
            await insert.ExecuteScalarAsync(cancellationToken);
        }, cancellationToken);

        if (UpsertSql(one) is not { } sql) return;
        await using var upsert = new NpgsqlCommand(sql, connection);
        await upsert.ExecuteNonQueryAsync(cancellationToken);
    }

    private string? UpsertSql(ReportingEvent one)
    {
        var date = one.CreatedAt.InZone(zone).Date;
        var rows = new StringBuilder();
        foreach (var (type, id) in new[] { ("account", (long?)one.AccountId), ("agent", one.UserId), ("inbox", one.InboxId) })
        {
            if (id is null) continue;
            foreach (var amount in EventMetricRegistry.Amounts(one.Name, 1, one.Value, one.ValueInBusinessHours))
            {
                rows.Append(rows.Length == 0 ? "" : ",").Append(CultureInfo.InvariantCulture,
                    $"({one.AccountId},'{date:uuuu-MM-dd}','{type}',{id},'{amount.Metric}',{amount.Count},{amount.SumValue},{amount.SumValueBusinessHours},'2026-03-02','2026-03-02')");
            }
        }

        return rows.Length == 0 ? null : $"""
            INSERT INTO original.reporting_events_rollups AS r
                (account_id, date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours, created_at, updated_at)
            VALUES {rows}
            ON CONFLICT (account_id, date, dimension_type, dimension_id, metric) DO UPDATE SET
                count = r.count + excluded.count, sum_value = r.sum_value + excluded.sum_value,
                sum_value_business_hours = r.sum_value_business_hours + excluded.sum_value_business_hours, updated_at = excluded.updated_at
            """;
    }
}

internal static class DateTimeExtensions
{
    public static DateTime AsUnspecified(this DateTime utc) => DateTime.SpecifyKind(utc, DateTimeKind.Unspecified);
}
