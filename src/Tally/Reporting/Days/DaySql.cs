using NodaTime;
using Npgsql;
using NpgsqlTypes;
using Tally.Reporting.Events;
using static Tally.Database.SqlParameters;

namespace Tally.Reporting.Days;

/// <summary>The SQL of <see cref="DayRebuilder"/> and <see cref="RollupVerifier"/>: whole days, from their raw events.</summary>
internal static class DaySql
{
    // What the rollups of the target days must be. Both statements below begin with it, so that verifying and rebuilding cannot disagree.
    // OFFSET 0 keeps each day's read a range of the index, whatever the planner believes of the table.
    private const string Aggregate = $"""
        target AS (
            SELECT *
            FROM unnest(@account_ids, @dates, @day_starts, @day_ends)
                WITH ORDINALITY AS t (account_id, date, day_start, day_end, ordinal)
        ),
        event AS MATERIALIZED (
            SELECT t.ordinal, e.*
            FROM target t
            CROSS JOIN LATERAL (
                SELECT e.name, e.user_id, e.inbox_id, e.conversation_id, e.value, e.value_in_business_hours
                FROM reporting.reporting_events e
                WHERE e.account_id = t.account_id AND e.created_at >= t.day_start AND e.created_at < t.day_end
                OFFSET 0) e
        ),
        amounts AS (
            SELECT ordinal, name, grouping(user_id, inbox_id) AS members, user_id, inbox_id,
                   count(*) AS count, coalesce(sum(value), 0) AS sum_value, coalesce(sum(value_in_business_hours), 0) AS sum_value_business_hours
            FROM event
            WHERE name = ANY(@event_names) AND name <> '{EventMetricRegistry.BotHandoff}'
            GROUP BY GROUPING SETS ((ordinal, name), (ordinal, name, user_id), (ordinal, name, inbox_id))
            UNION ALL
            SELECT ordinal, '{EventMetricRegistry.BotHandoff}', grouping(user_id, inbox_id), user_id, inbox_id, count(DISTINCT conversation_id), 0, 0
            FROM event
            WHERE name = '{EventMetricRegistry.BotHandoff}'
            GROUP BY GROUPING SETS ((ordinal), (ordinal, user_id), (ordinal, inbox_id))
        ),
        expected AS (
            SELECT a.ordinal,
                   CASE a.members WHEN 1 THEN 'agent' WHEN 2 THEN 'inbox' ELSE 'account' END AS dimension_type,
                   CASE a.members WHEN 1 THEN a.user_id WHEN 2 THEN a.inbox_id ELSE t.account_id END AS dimension_id,
                   m.metric, a.count,
                   CASE WHEN m.is_duration THEN a.sum_value ELSE 0 END AS sum_value,
                   CASE WHEN m.is_duration THEN a.sum_value_business_hours ELSE 0 END AS sum_value_business_hours
            FROM amounts a
            JOIN target t USING (ordinal)
            JOIN unnest(@metric_events, @metrics, @metric_durations) AS m (name, metric, is_duration) USING (name)
            WHERE CASE a.members WHEN 1 THEN a.user_id WHEN 2 THEN a.inbox_id ELSE t.account_id END IS NOT NULL
        ),
        found AS MATERIALIZED (
            SELECT t.ordinal, r.*
            FROM target t
            CROSS JOIN LATERAL (
                SELECT r.dimension_type, r.dimension_id, r.metric, r.count, r.sum_value, r.sum_value_business_hours
                FROM reporting.reporting_events_rollups r
                WHERE r.account_id = t.account_id AND r.date = t.date
                OFFSET 0) r
        )
        """;

    // Days whose history would be lost are kept: frozen ones, and those that have rollups and no raw events left.
    // A day cut in another zone may have lost its events to its neighbours: it is emptied if its former window has any.
    private const string RebuildSql = $"""
        /* tally:rollups.rebuild */
        WITH {Aggregate},
        option AS (
            SELECT *
            FROM unnest(@stored_zones, @timezones, @forced, @former_starts, @former_ends, @request_ids)
                WITH ORDINALITY AS o (stored_zone, timezone, forced, former_start, former_end, request_id, ordinal)
        ),
        decided AS MATERIALIZED (
            SELECT t.account_id, t.date, t.ordinal, o.timezone, o.request_id, coalesce(c.events_count, 0) AS events_count, d.timezone AS former_timezone,
                   CASE
                       WHEN NOT coalesce((SELECT a.reporting_timezone IS NOT DISTINCT FROM o.stored_zone
                                          FROM reporting.accounts a WHERE a.id = t.account_id), false) THEN 'zone changed'
                       WHEN (SELECT b.cancelled_at IS NOT NULL FROM reporting.backfill_requests b WHERE b.id = o.request_id) THEN 'cancelled'
                       WHEN o.forced THEN 'rebuild'
                       WHEN d.state = 'frozen' THEN 'frozen'
                       WHEN c.events_count > 0 OR t.ordinal NOT IN (SELECT ordinal FROM found) THEN 'rebuild'
                       WHEN coalesce(d.timezone = o.timezone, true) THEN 'frozen'
                       WHEN o.former_start IS NULL THEN 'former zone'
                       WHEN EXISTS (SELECT FROM reporting.reporting_events e
                                    WHERE e.account_id = t.account_id AND e.created_at >= o.former_start AND e.created_at < o.former_end) THEN 'rebuild'
                       ELSE 'frozen'
                   END AS decision
            FROM target t
            JOIN option o USING (ordinal)
            LEFT JOIN (SELECT ordinal, count(*) AS events_count FROM event GROUP BY ordinal) c USING (ordinal)
            LEFT JOIN LATERAL (
                SELECT d.timezone, d.state FROM reporting.reporting_days d WHERE d.account_id = t.account_id AND d.date = t.date OFFSET 0) d ON true
        ),
        difference AS MATERIALIZED (
            SELECT ordinal, dimension_type, dimension_id, metric,
                   e.count, e.sum_value, e.sum_value_business_hours, e.count IS NULL AS is_gone, f.count IS NULL AS is_new
            FROM expected e
            FULL JOIN found f USING (ordinal, dimension_type, dimension_id, metric)
            WHERE (e.count, e.sum_value, e.sum_value_business_hours) IS DISTINCT FROM (f.count, f.sum_value, f.sum_value_business_hours)
              AND ordinal IN (SELECT ordinal FROM decided WHERE decision = 'rebuild')
        ),
        removed AS (
            DELETE FROM reporting.reporting_events_rollups r
            USING difference x
            JOIN target t USING (ordinal)
            WHERE x.is_gone
              AND r.account_id = t.account_id AND r.date = t.date AND r.dimension_type = x.dimension_type
              AND r.dimension_id = x.dimension_id AND r.metric = x.metric
        ),
        corrected AS (
            UPDATE reporting.reporting_events_rollups r
            SET count = x.count, sum_value = x.sum_value, sum_value_business_hours = x.sum_value_business_hours, updated_at = @now
            FROM difference x
            JOIN target t USING (ordinal)
            WHERE NOT x.is_gone AND NOT x.is_new
              AND r.account_id = t.account_id AND r.date = t.date AND r.dimension_type = x.dimension_type
              AND r.dimension_id = x.dimension_id AND r.metric = x.metric
        ),
        added AS (
            INSERT INTO reporting.reporting_events_rollups
                (account_id, date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours, created_at, updated_at)
            SELECT t.account_id, t.date, x.dimension_type, x.dimension_id, x.metric, x.count, x.sum_value, x.sum_value_business_hours, @now, @now
            FROM difference x
            JOIN target t USING (ordinal)
            WHERE x.is_new
            ORDER BY t.account_id, t.date, x.dimension_type COLLATE "C", x.dimension_id, x.metric COLLATE "C"
        ),
        outcome AS MATERIALIZED (
            SELECT d.*, CASE WHEN decision <> 'rebuild' THEN decision
                             WHEN ordinal IN (SELECT ordinal FROM difference) THEN 'rebuilt'
                             ELSE 'unchanged' END AS outcome
            FROM decided d
        ),
        completed AS (
            INSERT INTO reporting.reporting_days AS d (account_id, date, timezone, state, built_at, events_count, updated_at)
            SELECT account_id, date, timezone, 'complete', @now, events_count, @now
            FROM decided
            WHERE decision = 'rebuild'
            ORDER BY account_id, date
            ON CONFLICT (account_id, date) DO UPDATE SET
                timezone = excluded.timezone, state = excluded.state, built_at = excluded.built_at,
                events_count = excluded.events_count, updated_at = excluded.updated_at
        ),
        kept AS (
            INSERT INTO reporting.reporting_days AS d (account_id, date, timezone, state, updated_at)
            SELECT account_id, date, timezone, 'frozen', @now
            FROM decided
            WHERE decision = 'frozen'
            ORDER BY account_id, date
            ON CONFLICT (account_id, date) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at
                WHERE d.state <> 'frozen'
        ),
        progress AS (
            INSERT INTO reporting.backfill_days AS p (account_id, request_id, date, outcome, finished_at)
            SELECT account_id, request_id, date, outcome, @now
            FROM outcome
            WHERE request_id IS NOT NULL AND outcome IN ('rebuilt', 'unchanged', 'frozen')
            ORDER BY account_id, request_id, date
            ON CONFLICT (account_id, request_id, date) DO UPDATE SET outcome = excluded.outcome, error = NULL, finished_at = excluded.finished_at
        )
        SELECT ordinal, outcome, former_timezone FROM outcome
        """;

    private const string VerifySql = $"""
        /* tally:rollups.verify */
        WITH {Aggregate}
        SELECT t.date, coalesce(d.state, 'none') AS state, coalesce(d.timezone, '') AS timezone, dimension_type, dimension_id, metric,
               e.count AS expected_count, e.sum_value AS expected_sum_value, e.sum_value_business_hours AS expected_sum_value_business_hours,
               f.count AS found_count, f.sum_value AS found_sum_value, f.sum_value_business_hours AS found_sum_value_business_hours
        FROM expected e
        FULL JOIN found f USING (ordinal, dimension_type, dimension_id, metric)
        JOIN target t USING (ordinal)
        LEFT JOIN reporting.reporting_days d ON d.account_id = t.account_id AND d.date = t.date
        WHERE d.state IS DISTINCT FROM 'frozen'
          AND (e.count, e.sum_value, e.sum_value_business_hours) IS DISTINCT FROM (f.count, f.sum_value, f.sum_value_business_hours)
        ORDER BY t.date, dimension_type, dimension_id, metric
        """;

    /// <summary>
    /// Rebuilds the days, whose locks the transaction holds. Answers a row (ordinal from 1, outcome, the zone that
    /// the day was cut in before) for each.
    /// </summary>
    public static NpgsqlBatchCommand RebuildCommand(IReadOnlyList<DayRebuild> days, Instant now)
    {
        var command = new NpgsqlBatchCommand(RebuildSql);
        AddDays(command.Parameters, [.. days.Select(day => (day.AccountId, day.Day))]);
        command.Parameters.Add(Column("stored_zones", days, day => day.StoredZone, NpgsqlDbType.Text));
        command.Parameters.Add(Column("timezones", days, day => day.Timezone, NpgsqlDbType.Text));
        command.Parameters.Add(Column("forced", days, day => day.Forced, NpgsqlDbType.Boolean));
        command.Parameters.Add(Column("former_starts", days, day => day.FormerDay?.Start.ToDateTimeUtc(), NpgsqlDbType.TimestampTz));
        command.Parameters.Add(Column("former_ends", days, day => day.FormerDay?.End.ToDateTimeUtc(), NpgsqlDbType.TimestampTz));
        command.Parameters.Add(Column("request_ids", days, day => day.RequestId, NpgsqlDbType.Uuid));
        command.Parameters.Add(new NpgsqlParameter<DateTime>("now", NpgsqlDbType.TimestampTz) { TypedValue = now.ToDateTimeUtc() });
        return command;
    }

    /// <summary>Answers the rows of these days that are not what their raw events say; frozen days are passed over.</summary>
    public static NpgsqlCommand VerifyCommand(NpgsqlConnection connection, long accountId, IReadOnlyList<LocalDay> days)
    {
        var command = new NpgsqlCommand(VerifySql, connection);
        AddDays(command.Parameters, [.. days.Select(day => (accountId, day))]);
        return command;
    }

    private static void AddDays(NpgsqlParameterCollection parameters, IReadOnlyList<(long AccountId, LocalDay Day)> days)
    {
        parameters.Add(Column("account_ids", days, day => day.AccountId, NpgsqlDbType.Bigint));
        parameters.Add(Column("dates", days, day => day.Day.Date.ToDateOnly(), NpgsqlDbType.Date));
        parameters.Add(Column("day_starts", days, day => day.Day.Start.ToDateTimeUtc(), NpgsqlDbType.TimestampTz));
        parameters.Add(Column("day_ends", days, day => day.Day.End.ToDateTimeUtc(), NpgsqlDbType.TimestampTz));
        parameters.Add(Array("event_names", [.. EventMetricRegistry.EventNames], NpgsqlDbType.Text));
        parameters.Add(Column("metric_events", EventMetricRegistry.All, entry => entry.EventName, NpgsqlDbType.Text));
        parameters.Add(Column("metrics", EventMetricRegistry.All, entry => entry.Metric, NpgsqlDbType.Text));
        parameters.Add(Column("metric_durations", EventMetricRegistry.All, entry => entry.Kind == MetricKind.Duration, NpgsqlDbType.Boolean));
    }
}
