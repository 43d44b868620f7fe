using NodaTime;
using Npgsql;
using NpgsqlTypes;
using Tally.Reporting.Events;
using static Tally.Database.SqlParameters;

namespace Tally.Reporting.Days;

/// <summary>The SQL of <see cref="DayRebuilder"/> and <see cref="RollupVerifier"/>: whole days, from their bases and raw events.</summary>
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
        part AS (
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
            UNION ALL
            -- A base of another window is no part of this day.
            SELECT t.ordinal, b.*
            FROM target t
            CROSS JOIN LATERAL (
                SELECT b.dimension_type, b.dimension_id, b.metric, b.count, b.sum_value, b.sum_value_business_hours
                FROM reporting.rollup_bases b
                WHERE b.account_id = t.account_id AND b.date = t.date AND b.day_start = t.day_start AND b.day_end = t.day_end
                OFFSET 0) b
        ),
        expected AS (
            SELECT ordinal, dimension_type, dimension_id, metric,
                   sum(count)::bigint AS count, sum(sum_value) AS sum_value, sum(sum_value_business_hours) AS sum_value_business_hours
            FROM part
            GROUP BY ordinal, dimension_type, dimension_id, metric
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

    // A day is never emptied because its raw events are gone: what its rollups hold becomes its base, under the window that
    // they were cut with. It is emptied if the events are there and lie in other days since, or if its rebuild follows a removal on purpose.
    private const string RebuildSql = $"""
        /* tally:rollups.rebuild */
        WITH {Aggregate},
        option AS (
            SELECT *
            FROM unnest(@stored_zones, @is_removal, @holds_neighbours, @request_ids) WITH ORDINALITY AS o (stored_zone, is_removal, holds_neighbours, request_id, ordinal)
        ),
        looked_at AS MATERIALIZED (
            SELECT t.*, o.request_id, coalesce(c.events_count, 0) AS events_count, coalesce(d.day_start, t.day_start) AS cut_start, coalesce(d.day_end, t.day_end) AS cut_end,
                   o.is_removal OR coalesce(b.drops_bases, false) AS is_removal,
                   CASE
                       WHEN NOT coalesce((SELECT a.reporting_timezone IS NOT DISTINCT FROM o.stored_zone
                                          FROM reporting.accounts a WHERE a.id = t.account_id), false) THEN 'zone changed'
                       WHEN b.cancelled_at IS NOT NULL THEN 'cancelled'
                       WHEN (d.day_start, d.day_end) <> (t.day_start, t.day_end) AND NOT o.holds_neighbours THEN 'cut otherwise'
                       ELSE 'rebuild'
                   END AS decision
            FROM target t
            JOIN option o USING (ordinal)
            LEFT JOIN (SELECT ordinal, count(*) AS events_count FROM event GROUP BY ordinal) c USING (ordinal)
            LEFT JOIN LATERAL (
                SELECT d.day_start, d.day_end FROM reporting.reporting_days d WHERE d.account_id = t.account_id AND d.date = t.date OFFSET 0) d ON true
            LEFT JOIN reporting.backfill_requests b ON b.id = o.request_id AND b.account_id = t.account_id
        ),
        decided AS MATERIALIZED (
            SELECT l.*,
                   l.decision = 'rebuild' AND NOT l.is_removal AND l.events_count = 0
                   AND EXISTS (SELECT FROM found f WHERE f.ordinal = l.ordinal)
                   AND NOT EXISTS (SELECT FROM reporting.rollup_bases b
                                   WHERE b.account_id = l.account_id AND b.date = l.date AND b.day_start = l.cut_start AND b.day_end = l.cut_end)
                   AND NOT EXISTS (SELECT FROM reporting.reporting_events e
                                   WHERE e.account_id = l.account_id AND e.created_at >= l.cut_start AND e.created_at < l.cut_end) AS saves
            FROM looked_at l
        ),
        saved AS (
            INSERT INTO reporting.rollup_bases
                (account_id, date, day_start, day_end, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours)
            SELECT d.account_id, d.date, d.cut_start, d.cut_end, f.dimension_type, f.dimension_id, f.metric, f.count, f.sum_value, f.sum_value_business_hours
            FROM decided d
            JOIN found f USING (ordinal)
            WHERE d.saves
            ORDER BY d.account_id, d.date, f.dimension_type COLLATE "C", f.dimension_id, f.metric COLLATE "C"
        ),
        difference AS MATERIALIZED (
            SELECT ordinal, dimension_type, dimension_id, metric,
                   e.count, e.sum_value, e.sum_value_business_hours, e.count IS NULL AS is_gone, f.count IS NULL AS is_new
            FROM expected e
            FULL JOIN found f USING (ordinal, dimension_type, dimension_id, metric)
            WHERE (e.count, e.sum_value, e.sum_value_business_hours) IS DISTINCT FROM (f.count, f.sum_value, f.sum_value_business_hours)
              -- What was saved under the day's own window is right as it is.
              AND ordinal IN (SELECT ordinal FROM decided WHERE decision = 'rebuild'
                              AND NOT (saves AND (cut_start, cut_end) = (day_start, day_end) AND f.count IS NOT NULL))
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
                             WHEN saves THEN 'kept'
                             WHEN ordinal IN (SELECT ordinal FROM difference) THEN 'rebuilt'
                             ELSE 'unchanged' END AS outcome
            FROM decided d
        ),
        completed AS (
            INSERT INTO reporting.reporting_days AS d (account_id, date, day_start, day_end, state, built_at, events_count, updated_at)
            SELECT account_id, date, day_start, day_end, 'complete', @now, events_count, @now
            FROM decided
            WHERE decision = 'rebuild'
            ORDER BY account_id, date
            ON CONFLICT (account_id, date) DO UPDATE SET
                day_start = excluded.day_start, day_end = excluded.day_end, state = excluded.state, built_at = excluded.built_at,
                events_count = excluded.events_count, updated_at = excluded.updated_at
        ),
        -- What the day gives up of its former window, its neighbours may lack: those that hold fewer events than are stored for them.
        uncovered AS (
            INSERT INTO reporting.reporting_days AS d (account_id, date, day_start, day_end, state, updated_at)
            SELECT DISTINCT n.account_id, n.date, n.day_start, n.day_end, 'dirty', @now
            FROM unnest(@neighbour_ordinals, @neighbour_dates, @neighbour_starts, @neighbour_ends) AS u (ordinal, date, day_start, day_end)
            JOIN decided x ON x.ordinal = u.ordinal AND x.decision = 'rebuild' AND (x.cut_start, x.cut_end) <> (x.day_start, x.day_end)
            CROSS JOIN LATERAL (SELECT x.account_id, u.date, u.day_start, u.day_end) n
            LEFT JOIN reporting.reporting_days o ON o.account_id = n.account_id AND o.date = n.date
            WHERE ((n.day_start < x.cut_end AND x.cut_start < n.day_end) OR (o.day_start < x.cut_end AND x.cut_start < o.day_end))
              AND (n.account_id, n.date) NOT IN (SELECT account_id, date FROM decided)
              AND coalesce(o.events_count, 0) <> (SELECT count(*) FROM reporting.reporting_events e
                                                  WHERE e.account_id = n.account_id
                                                    AND e.created_at >= coalesce(o.day_start, n.day_start) AND e.created_at < coalesce(o.day_end, n.day_end))
            ORDER BY 1, 2
            ON CONFLICT (account_id, date) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at WHERE d.state <> 'dirty'
        ),
        progress AS (
            INSERT INTO reporting.backfill_days AS p (account_id, request_id, date, outcome, finished_at)
            SELECT account_id, request_id, date, outcome, @now
            FROM outcome
            WHERE request_id IS NOT NULL AND outcome IN ('rebuilt', 'unchanged', 'kept')
            ORDER BY account_id, request_id, date
            ON CONFLICT (account_id, request_id, date) DO UPDATE SET outcome = excluded.outcome, error = NULL, finished_at = excluded.finished_at
        )
        SELECT ordinal, outcome FROM outcome
        """;

    // An operator's request says so itself; a message cannot.
    private const string DropBasesSql = """
        /* tally:bases.drop */
        WITH dropped AS (
            DELETE FROM reporting.rollup_bases b
            USING unnest(@account_ids, @dates, @request_ids) AS t (account_id, date, request_id)
            JOIN reporting.backfill_requests r ON r.id = t.request_id AND r.account_id = t.account_id
            WHERE r.drops_bases AND r.cancelled_at IS NULL AND t.date BETWEEN r.from_date AND r.to_date
              AND b.account_id = t.account_id AND b.date = t.date
            RETURNING b.account_id, b.day_start, b.day_end
        )
        -- With a base goes the memory of its events, so that they can be imported anew.
        DELETE FROM reporting.purged_events
        WHERE ctid = ANY(ARRAY(
            SELECT p.ctid
            FROM (SELECT DISTINCT account_id, day_start, day_end FROM dropped) d
            CROSS JOIN LATERAL (
                SELECT p.ctid FROM reporting.purged_events p
                WHERE p.account_id = d.account_id AND p.created_at >= d.day_start AND p.created_at < d.day_end AND NOT p.erased
                OFFSET 0) p))
        """;

    private const string VerifySql = $"""
        /* tally:rollups.verify */
        WITH {Aggregate}
        SELECT t.date,
               CASE WHEN (d.day_start, d.day_end) <> (t.day_start, t.day_end) OR EXISTS (
                        SELECT FROM reporting.reporting_days o
                        WHERE o.account_id = t.account_id AND o.date BETWEEN t.date - @neighbours AND t.date + @neighbours AND o.date <> t.date
                          AND o.day_start < t.day_end AND t.day_start < o.day_end) THEN 'stale'
                    ELSE coalesce(d.state, 'none') END AS state,
               dimension_type, dimension_id, metric,
               e.count AS expected_count, e.sum_value AS expected_sum_value, e.sum_value_business_hours AS expected_sum_value_business_hours,
               f.count AS found_count, f.sum_value AS found_sum_value, f.sum_value_business_hours AS found_sum_value_business_hours
        FROM expected e
        FULL JOIN found f USING (ordinal, dimension_type, dimension_id, metric)
        JOIN target t USING (ordinal)
        LEFT JOIN reporting.reporting_days d ON d.account_id = t.account_id AND d.date = t.date
        WHERE (e.count, e.sum_value, e.sum_value_business_hours) IS DISTINCT FROM (f.count, f.sum_value, f.sum_value_business_hours)
        ORDER BY t.date, dimension_type, dimension_id, metric
        """;

    /// <summary>
    /// Rebuilds the days, whose locks the transaction holds. Answers a row (ordinal from 1, outcome) for each.
    /// </summary>
    public static NpgsqlBatchCommand RebuildCommand(IReadOnlyList<DayRebuild> days, Instant now)
    {
        var command = new NpgsqlBatchCommand(RebuildSql);
        AddDays(command.Parameters, [.. days.Select(day => (day.AccountId, day.Day))]);
        command.Parameters.Add(Column("stored_zones", days, day => day.StoredZone, NpgsqlDbType.Text));
        command.Parameters.Add(Column("is_removal", days, day => day.IsRemoval, NpgsqlDbType.Boolean));
        command.Parameters.Add(Column("holds_neighbours", days, day => day.Neighbours.Count > 0, NpgsqlDbType.Boolean));
        command.Parameters.Add(Column("request_ids", days, day => day.RequestId, NpgsqlDbType.Uuid));
        var neighbours = days.SelectMany((day, index) => day.Neighbours.Select(neighbour => (Ordinal: index + 1L, Day: neighbour))).ToList();
        command.Parameters.Add(Column("neighbour_ordinals", neighbours, one => one.Ordinal, NpgsqlDbType.Bigint));
        command.Parameters.Add(Column("neighbour_dates", neighbours, one => one.Day.Date, NpgsqlDbType.Date));
        command.Parameters.Add(Column("neighbour_starts", neighbours, one => one.Day.Start, NpgsqlDbType.TimestampTz));
        command.Parameters.Add(Column("neighbour_ends", neighbours, one => one.Day.End, NpgsqlDbType.TimestampTz));
        command.Parameters.Add(new NpgsqlParameter<Instant>("now", now));
        return command;
    }

    /// <summary>Drops the bases of days whose requests say so; before the rebuild, under the same locks.</summary>
    public static NpgsqlBatchCommand DropBasesCommand(IReadOnlyList<DayRebuild> days) => new(DropBasesSql)
    {
        Parameters =
        {
            Column("account_ids", days, day => day.AccountId, NpgsqlDbType.Bigint),
            Column("dates", days, day => day.Day.Date, NpgsqlDbType.Date),
            Column("request_ids", days, day => day.RequestId, NpgsqlDbType.Uuid),
        },
    };

    /// <summary>Answers the rows of these days that are not what their bases and raw events say.</summary>
    public static NpgsqlCommand VerifyCommand(NpgsqlConnection connection, long accountId, IReadOnlyList<LocalDay> days)
    {
        var command = new NpgsqlCommand(VerifySql, connection) { Parameters = { new NpgsqlParameter<int>("neighbours", DayCoverage.Neighbours) } };
        AddDays(command.Parameters, [.. days.Select(day => (accountId, day))]);
        return command;
    }

    private static void AddDays(NpgsqlParameterCollection parameters, IReadOnlyList<(long AccountId, LocalDay Day)> days)
    {
        parameters.Add(Column("account_ids", days, day => day.AccountId, NpgsqlDbType.Bigint));
        parameters.Add(Column("dates", days, day => day.Day.Date, NpgsqlDbType.Date));
        parameters.Add(Column("day_starts", days, day => day.Day.Start, NpgsqlDbType.TimestampTz));
        parameters.Add(Column("day_ends", days, day => day.Day.End, NpgsqlDbType.TimestampTz));
        parameters.Add(Array("event_names", [.. EventMetricRegistry.EventNames], NpgsqlDbType.Text));
        parameters.Add(Column("metric_events", EventMetricRegistry.All, entry => entry.EventName, NpgsqlDbType.Text));
        parameters.Add(Column("metrics", EventMetricRegistry.All, entry => entry.Metric, NpgsqlDbType.Text));
        parameters.Add(Column("metric_durations", EventMetricRegistry.All, entry => entry.Kind == MetricKind.Duration, NpgsqlDbType.Boolean));
    }
}
