using Tally.Reporting.Events;

namespace Tally.Reporting.Retention;

/// <summary>The SQL of <see cref="EventEraser"/> and <see cref="AccountEraser"/>.</summary>
internal static class EraseSql
{
    public const string FindById = """
        /* tally:erase.find */
        SELECT id, created_at FROM reporting.reporting_events WHERE account_id = @account_id AND id = ANY(@ids) ORDER BY created_at, id LIMIT @limit
        """;

    public const string FindByConversation = """
        /* tally:erase.find_conversation */
        SELECT id, created_at FROM reporting.reporting_events
        WHERE account_id = @account_id AND conversation_id = @conversation_id ORDER BY created_at, id LIMIT @limit
        """;

    public const string CountPurged = """
        /* tally:erase.count_purged */
        SELECT count(*)::int FROM reporting.purged_events WHERE account_id = @account_id AND id = ANY(@ids) AND NOT erased
        """;

    /// <summary>Removes the events, remembers their ids so that no message brings them back, and answers them whole.</summary>
    public const string Erase = """
        /* tally:erase.events */
        WITH removed AS (
            DELETE FROM reporting.reporting_events WHERE account_id = @account_id AND id = ANY(@ids) RETURNING *
        ),
        remembered AS (
            INSERT INTO reporting.purged_events (account_id, id, created_at, purged_at, erased)
            SELECT account_id, id, created_at, @now, true FROM removed ORDER BY id
            ON CONFLICT (account_id, id) DO NOTHING
        )
        SELECT account_id, id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id, event_start_time, event_end_time, created_at FROM removed
        """;

    public const string FrozenDays = """
        /* tally:erase.frozen */
        SELECT date, timezone, state FROM reporting.reporting_days WHERE account_id = @account_id AND date = ANY(@dates) AND state = 'frozen'
        """;

    // A conversation that has another handoff of the same (day, member) left still counts.
    public const string Subtract = $"""
        /* tally:erase.subtract */
        WITH amount AS (
            SELECT * FROM unnest(@row_dates, @dimension_types, @dimension_ids, @metrics, @counts, @sums, @business_sums)
                AS a (date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours)
            UNION ALL
            SELECT h.date, h.dimension_type, h.dimension_id, @handoff_metric,
                   count(DISTINCT h.conversation_id) FILTER (WHERE NOT EXISTS (
                       SELECT FROM reporting.reporting_events e
                       WHERE e.name = '{EventMetricRegistry.BotHandoff}' AND e.account_id = @account_id AND e.conversation_id = h.conversation_id
                         AND e.created_at >= h.day_start AND e.created_at < h.day_end
                         AND CASE h.dimension_type WHEN 'agent' THEN e.user_id = h.dimension_id
                                                   WHEN 'inbox' THEN e.inbox_id = h.dimension_id
                                                   ELSE true END)),
                   0, 0
            FROM unnest(@handoff_dates, @handoff_dimension_types, @handoff_dimension_ids, @handoff_conversation_ids, @handoff_day_starts, @handoff_day_ends)
                AS h (date, dimension_type, dimension_id, conversation_id, day_start, day_end)
            GROUP BY h.date, h.dimension_type, h.dimension_id
        )
        UPDATE reporting.reporting_events_rollups r
        SET count = r.count - a.count, sum_value = r.sum_value - a.sum_value,
            sum_value_business_hours = r.sum_value_business_hours - a.sum_value_business_hours, updated_at = @now
        FROM amount a
        WHERE r.account_id = @account_id AND r.date = a.date AND r.dimension_type = a.dimension_type AND r.dimension_id = a.dimension_id AND r.metric = a.metric
        """;

    public const string RemoveEmpty = """
        /* tally:erase.remove_empty */
        DELETE FROM reporting.reporting_events_rollups WHERE account_id = @account_id AND date = ANY(@dates) AND count = 0
        """;

    public const string CountDown = """
        /* tally:erase.count_down */
        UPDATE reporting.reporting_days d
        SET events_count = greatest(d.events_count - t.events_count, 0), updated_at = @now
        FROM unnest(@dates, @event_counts) AS t (date, events_count)
        WHERE d.account_id = @account_id AND d.date = t.date
        """;

    /// <summary>Removes the account and notes that its erasure has begun. Answers whether it was there, or had begun before.</summary>
    public const string Begin = """
        /* tally:erase.begin */
        WITH before AS (SELECT FROM reporting.erased_accounts WHERE account_id = @account_id AND ended_at IS NULL),
        gone AS (DELETE FROM reporting.accounts WHERE id = @account_id RETURNING id),
        begun AS (
            INSERT INTO reporting.erased_accounts AS e (account_id, began_at) VALUES (@account_id, @now)
            ON CONFLICT (account_id) DO UPDATE SET ended_at = NULL
        )
        SELECT EXISTS (SELECT FROM gone) OR EXISTS (SELECT FROM before)
        """;

    public const string End = "/* tally:erase.end */ UPDATE reporting.erased_accounts SET ended_at = @now WHERE account_id = @account_id AND ended_at IS NULL";

    /// <summary>There was nothing to erase, and so there is nothing to remember.</summary>
    public const string TakeBack = "/* tally:erase.take_back */ DELETE FROM reporting.erased_accounts WHERE account_id = @account_id AND ended_at IS NULL AND began_at = @now";

    public const string Unfinished = """
        /* tally:erase.unfinished */
        SELECT account_id FROM reporting.erased_accounts WHERE ended_at IS NULL ORDER BY began_at, account_id LIMIT 100
        """;

    /// <summary>Remembers ids as erased, so that their events are refused when they come. Under the account's lock.</summary>
    public const string Remember = """
        /* tally:erase.remember */
        INSERT INTO reporting.purged_events AS p (account_id, id, created_at, purged_at, erased)
        SELECT @account_id, id, @now, @now, true FROM unnest(@ids) AS id ORDER BY id
        ON CONFLICT (account_id, id) DO UPDATE SET erased = true WHERE NOT p.erased
        """;

    /// <summary>Everything that is kept by account, each statement in bounded steps of <c>@limit</c> rows.</summary>
    public static readonly IReadOnlyList<string> DeleteRows =
    [
        .. new[] { "reporting_events", "reporting_events_rollups", "reporting_days", "backfill_days", "backfill_requests", "rollup_drift", "purged_events" }.Select(table => $"""
            /* tally:erase.{table} */
            DELETE FROM reporting.{table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM reporting.{table} WHERE account_id = @account_id LIMIT @limit))
            """),
    ];
}
