using NodaTime;
using Npgsql;
using NpgsqlTypes;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using static Tally.Database.SqlParameters;

namespace Tally.Reporting.Rollups;

/// <summary>The SQL of <see cref="RollupWriter"/>, with its parameters.</summary>
internal static class ApplySql
{
    // The arrays' lengths differ from call to call: a plan made for each of them, let alone compiled, costs more than it
    // saves. What is read is read by key; a plan made while a table was small must not go on reading all of it.
    private const string LockSql = """
        /* tally:rollups.lock */
        SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true),
               (SELECT count(pg_advisory_xact_lock_shared(key)) FROM unnest(@account_locks) AS key),
               (SELECT count(pg_advisory_xact_lock(key)) FROM unnest(@day_locks) AS key)
        """;

    // Nothing is written if an event is there already, or a zone changed since the days were cut; the answer says which.
    // Of an event that was purged or erased only the id is known, or its conversation: it passes for the same.
    // An event of a day that was cut with another window is stored and not counted: the row's window grows over both, so
    // that it is nobody's day until it is rebuilt.
    private const string ApplyHead = """
        /* tally:rollups.apply */
        WITH changed AS (
            SELECT
            FROM unnest(@zone_account_ids, @stored_zones) AS z (account_id, timezone)
            WHERE NOT coalesce((
                SELECT a.reporting_timezone IS NOT DISTINCT FROM z.timezone FROM reporting.accounts a WHERE a.id = z.account_id), false)
        ),
        incoming AS (
            SELECT *
            FROM unnest(@account_ids, @ids, @names, @values, @business_values, @user_ids, @inbox_ids, @conversation_ids,
                        @start_times, @end_times, @created_ats)
                WITH ORDINALITY AS e (account_id, id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id,
                                      event_start_time, event_end_time, created_at, ordinal)
        ),
        existing AS (
            SELECT i.ordinal,
                   (e.name, e.value, e.value_in_business_hours, e.user_id, e.inbox_id, e.conversation_id,
                    e.event_start_time, e.event_end_time, e.created_at)
                   IS NOT DISTINCT FROM
                   (i.name, i.value, i.value_in_business_hours, i.user_id, i.inbox_id, i.conversation_id,
                    i.event_start_time, i.event_end_time, i.created_at) AS is_same
            FROM incoming i
            -- OFFSET 0 keeps this a probe of the key for each event: a plan made while the table was small would read all of it.
            CROSS JOIN LATERAL (SELECT * FROM reporting.reporting_events e WHERE e.account_id = i.account_id AND e.id = i.id OFFSET 0) e
            UNION ALL
            SELECT i.ordinal, true
            FROM incoming i
            CROSS JOIN LATERAL (SELECT FROM reporting.purged_events p WHERE p.account_id = i.account_id AND p.id = i.id OFFSET 0) p
            UNION ALL
            SELECT i.ordinal, true
            FROM incoming i
            CROSS JOIN LATERAL (
                SELECT FROM reporting.erased_conversations c
                WHERE c.account_id = i.account_id AND c.conversation_id = i.conversation_id AND c.erased_at >= i.created_at OFFSET 0) c
        ),
        permit AS MATERIALIZED (
            SELECT NOT EXISTS (SELECT FROM changed) AND NOT EXISTS (SELECT FROM existing) AS granted
        ),
        stored AS (
            INSERT INTO reporting.reporting_events
                (account_id, id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id,
                 event_start_time, event_end_time, created_at)
            SELECT account_id, id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id,
                   event_start_time, event_end_time, created_at
            FROM incoming
            WHERE (SELECT granted FROM permit)
            -- An id that comes with two times has two days' locks: such writers meet here, and must meet in order.
            ORDER BY account_id, id
        ),
        touched AS (
            SELECT * FROM unnest(@day_account_ids, @dates, @day_starts, @day_ends, @event_counts) AS t (account_id, date, day_start, day_end, events_count)
        ),
        cut_otherwise AS (
            SELECT t.account_id, t.date
            FROM touched t
            WHERE (SELECT (d.day_start, d.day_end) <> (t.day_start, t.day_end) FROM reporting.reporting_days d WHERE d.account_id = t.account_id AND d.date = t.date)
        ),
        counted AS (
            INSERT INTO reporting.reporting_days AS d (account_id, date, day_start, day_end, state, events_count, updated_at)
            SELECT account_id, date, day_start, day_end,
                   CASE WHEN (SELECT a.days_on_record OR a.timezone_set_at <= t.day_start FROM reporting.accounts a WHERE a.id = t.account_id)
                        THEN 'live' ELSE 'dirty' END,
                   events_count, @now
            FROM touched t
            WHERE (SELECT granted FROM permit)
            ON CONFLICT (account_id, date) DO UPDATE SET
                state = CASE WHEN (d.day_start, d.day_end) = (excluded.day_start, excluded.day_end) THEN d.state ELSE 'dirty' END,
                day_start = least(d.day_start, excluded.day_start), day_end = greatest(d.day_end, excluded.day_end),
                events_count = d.events_count + excluded.events_count, updated_at = excluded.updated_at
        ),
        amounts AS (
            SELECT *
            FROM unnest(@row_account_ids, @row_dates, @dimension_types, @dimension_ids, @metrics, @counts, @sums, @business_sums)
                AS a (account_id, date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours)
        """;

    // A conversation counts once for each (day, member). Its earlier handoffs are those stored before this
    // statement: the day's lock keeps other writers of the day away.
    private const string Handoffs = $"""

            UNION ALL
            SELECT h.account_id, h.date, h.dimension_type, h.dimension_id, @handoff_metric,
                   count(DISTINCT h.conversation_id) FILTER (WHERE NOT EXISTS (
                       SELECT
                       -- OFFSET 0: the conversation is looked up first, whatever the planner believes of the day.
                       FROM (SELECT user_id, inbox_id, created_at
                             FROM reporting.reporting_events e
                             WHERE e.name = '{EventMetricRegistry.BotHandoff}'
                               AND e.account_id = h.account_id AND e.conversation_id = h.conversation_id
                             OFFSET 0) AS earlier
                       WHERE created_at >= h.day_start AND created_at < h.day_end
                         AND CASE h.dimension_type WHEN 'agent' THEN user_id = h.dimension_id
                                                   WHEN 'inbox' THEN inbox_id = h.dimension_id
                                                   ELSE true END)),
                   0, 0
            FROM unnest(@handoff_account_ids, @handoff_dates, @handoff_dimension_types, @handoff_dimension_ids, @handoff_conversation_ids,
                        @handoff_day_starts, @handoff_day_ends)
                AS h (account_id, date, dimension_type, dimension_id, conversation_id, day_start, day_end)
            GROUP BY h.account_id, h.date, h.dimension_type, h.dimension_id
        """;

    private const string ApplyTail = """

        ),
        rolled_up AS (
            INSERT INTO reporting.reporting_events_rollups AS r
                (account_id, date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours, created_at, updated_at)
            SELECT account_id, date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours, @now, @now
            FROM amounts
            WHERE (SELECT granted FROM permit) AND (account_id, date) NOT IN (SELECT account_id, date FROM cut_otherwise)
            ON CONFLICT (account_id, date, dimension_type, dimension_id, metric) DO UPDATE SET
                count = r.count + excluded.count,
                sum_value = r.sum_value + excluded.sum_value,
                sum_value_business_hours = r.sum_value_business_hours + excluded.sum_value_business_hours,
                updated_at = excluded.updated_at
        )
        SELECT 'applied', NULL::bigint, NULL::boolean FROM permit WHERE granted
        UNION ALL
        SELECT 'zone changed', NULL, NULL FROM changed
        UNION ALL
        SELECT 'existing', ordinal, is_same FROM existing
        """;

    private const string Apply = ApplyHead + ApplyTail;

    private const string ApplyWithHandoffs = ApplyHead + Handoffs + ApplyTail;

    /// <summary>Shares the locks of the batch's accounts, then takes those of its days.</summary>
    public static NpgsqlBatchCommand LockCommand(EventBatch batch) => LockCommand(
        batch.Accounts.Keys.Select(AdvisoryLocks.Account), batch.Days.Select(day => AdvisoryLocks.Day(day.Key.AccountId, day.Key.Date)));

    /// <summary>Shares the accounts' locks, then takes the days'.</summary>
    public static NpgsqlBatchCommand LockCommand(IEnumerable<long> accountLocks, IEnumerable<long> dayLocks) => new(LockSql)
    {
        Parameters =
        {
            Array("account_locks", [.. accountLocks.Distinct().Order()], NpgsqlDbType.Bigint),
            Array("day_locks", [.. dayLocks.Distinct().Order()], NpgsqlDbType.Bigint),
        },
    };

    /// <summary>
    /// Stores the batch and adds it to the rollups. Answers one row <c>applied</c> if it did; else nothing was written, and
    /// the rows are: <c>zone changed</c>, and <c>existing</c> with the ordinal from 1 and whether all fields are the same, for
    /// each event that is there already.
    /// </summary>
    public static NpgsqlBatchCommand ApplyCommand(EventBatch batch, Instant now)
    {
        var command = new NpgsqlBatchCommand(batch.Handoffs.Count == 0 ? Apply : ApplyWithHandoffs);
        var parameters = command.Parameters;
        parameters.Add(Array("zone_account_ids", [.. batch.Accounts.Keys], NpgsqlDbType.Bigint));
        parameters.Add(Array("stored_zones", [.. batch.Accounts.Values.Select(account => account.ReportingTimezone)], NpgsqlDbType.Text));
        AddEvents(parameters, batch.Events);

        parameters.Add(Column("day_account_ids", batch.Days, day => day.Key.AccountId, NpgsqlDbType.Bigint));
        parameters.Add(Column("dates", batch.Days, day => day.Key.Date, NpgsqlDbType.Date));
        parameters.Add(Column("day_starts", batch.Days, day => batch.WindowOf(day.Key).Start, NpgsqlDbType.TimestampTz));
        parameters.Add(Column("day_ends", batch.Days, day => batch.WindowOf(day.Key).End, NpgsqlDbType.TimestampTz));
        parameters.Add(Column("event_counts", batch.Days, day => day.Value, NpgsqlDbType.Bigint));
        parameters.Add(new NpgsqlParameter<Instant>("now", now));

        parameters.Add(Column("row_account_ids", batch.Rows, row => row.Key.AccountId, NpgsqlDbType.Bigint));
        parameters.Add(Column("row_dates", batch.Rows, row => row.Key.Date, NpgsqlDbType.Date));
        parameters.Add(Column("dimension_types", batch.Rows, row => row.Key.DimensionType, NpgsqlDbType.Text));
        parameters.Add(Column("dimension_ids", batch.Rows, row => row.Key.DimensionId, NpgsqlDbType.Bigint));
        parameters.Add(Column("metrics", batch.Rows, row => row.Key.Metric, NpgsqlDbType.Text));
        parameters.Add(Column("counts", batch.Rows, row => row.Value.Count, NpgsqlDbType.Bigint));
        parameters.Add(Column("sums", batch.Rows, row => row.Value.Sum, NpgsqlDbType.Numeric));
        parameters.Add(Column("business_sums", batch.Rows, row => row.Value.BusinessSum, NpgsqlDbType.Numeric));
        if (batch.Handoffs.Count > 0) AddHandoffs(parameters, batch.Handoffs);
        return command;
    }

    private static void AddEvents(NpgsqlParameterCollection parameters, IReadOnlyList<ReportingEvent> events)
    {
        parameters.Add(Column("account_ids", events, one => one.AccountId, NpgsqlDbType.Bigint));
        parameters.Add(Column("ids", events, one => one.Id, NpgsqlDbType.Uuid));
        parameters.Add(Column("names", events, one => one.Name, NpgsqlDbType.Text));
        parameters.Add(Column("values", events, one => one.Value, NpgsqlDbType.Numeric));
        parameters.Add(Column("business_values", events, one => one.ValueInBusinessHours, NpgsqlDbType.Numeric));
        parameters.Add(Column("user_ids", events, one => one.UserId, NpgsqlDbType.Bigint));
        parameters.Add(Column("inbox_ids", events, one => one.InboxId, NpgsqlDbType.Bigint));
        parameters.Add(Column("conversation_ids", events, one => one.ConversationId, NpgsqlDbType.Bigint));
        parameters.Add(Column("start_times", events, one => one.EventStartTime, NpgsqlDbType.TimestampTz));
        parameters.Add(Column("end_times", events, one => one.EventEndTime, NpgsqlDbType.TimestampTz));
        parameters.Add(Column("created_ats", events, one => one.CreatedAt, NpgsqlDbType.TimestampTz));
    }

    private static void AddHandoffs(NpgsqlParameterCollection parameters, IReadOnlyList<Handoff> handoffs)
    {
        parameters.Add(new NpgsqlParameter<string>("handoff_metric", NpgsqlDbType.Text) { TypedValue = EventMetricRegistry.For(EventMetricRegistry.BotHandoff).Single().Metric });
        parameters.Add(Column("handoff_account_ids", handoffs, handoff => handoff.AccountId, NpgsqlDbType.Bigint));
        parameters.Add(Column("handoff_dates", handoffs, handoff => handoff.Day.Date, NpgsqlDbType.Date));
        parameters.Add(Column("handoff_dimension_types", handoffs, handoff => handoff.DimensionType, NpgsqlDbType.Text));
        parameters.Add(Column("handoff_dimension_ids", handoffs, handoff => handoff.DimensionId, NpgsqlDbType.Bigint));
        parameters.Add(Column("handoff_conversation_ids", handoffs, handoff => handoff.ConversationId, NpgsqlDbType.Bigint));
        parameters.Add(Column("handoff_day_starts", handoffs, handoff => handoff.Day.Start, NpgsqlDbType.TimestampTz));
        parameters.Add(Column("handoff_day_ends", handoffs, handoff => handoff.Day.End, NpgsqlDbType.TimestampTz));
    }
}
