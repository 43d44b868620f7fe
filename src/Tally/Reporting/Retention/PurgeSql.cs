using Tally.Reporting.Events;

namespace Tally.Reporting.Retention;

/// <summary>The SQL of <see cref="EventPurger"/>.</summary>
internal static class PurgeSql
{
    /// <summary>
    /// The events that are never purged: reports count their conversations over whole ranges, and no daily total tells
    /// how many days share one. They are a few percent.
    /// </summary>
    public const string IsKept = $"e.name IN ('{EventMetricRegistry.BotResolved}', '{EventMetricRegistry.BotHandoff}')";

    /// <summary>Of these days, those with events that may go, and their rows and those of their neighbours.</summary>
    public const string Candidates = $"""
        /* tally:purge.candidates */
        SELECT t.date
        FROM unnest(@dates, @starts, @ends) AS t (date, day_start, day_end)
        WHERE EXISTS (SELECT FROM reporting.reporting_events e
                      WHERE e.account_id = @account_id AND e.created_at >= t.day_start AND e.created_at < t.day_end AND NOT {IsKept})
        ORDER BY t.date
        """;

    public const string FindDays = """
        /* tally:purge.days */
        SELECT date, day_start, day_end, state FROM reporting.reporting_days WHERE account_id = @account_id AND date BETWEEN @from AND @to
        """;

    /// <summary>
    /// Removes a day's events, remembers their ids, and adds what they counted to the day's base, so that its rollups stay
    /// as they are. Answers the events removed, and those kept.
    /// </summary>
    public const string Purge = $"""
        /* tally:purge.purge */
        WITH removed AS (
            DELETE FROM reporting.reporting_events e
            WHERE e.account_id = @account_id AND e.created_at >= @day_start AND e.created_at < @day_end AND NOT {IsKept}
            RETURNING e.id, e.name, e.user_id, e.inbox_id, e.value, e.value_in_business_hours, e.created_at
        ),
        remembered AS (
            INSERT INTO reporting.purged_events (account_id, id, created_at, purged_at)
            SELECT @account_id, id, created_at, @now FROM removed ORDER BY id
            ON CONFLICT (account_id, id) DO NOTHING
        ),
        moved AS (
            INSERT INTO reporting.rollup_bases AS b
                (account_id, date, day_start, day_end, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours)
            SELECT @account_id, @date, @day_start, @day_end, o.dimension_type, o.dimension_id, m.metric, count(*),
                   sum(CASE WHEN m.is_duration THEN coalesce(r.value, 0) ELSE 0 END),
                   sum(CASE WHEN m.is_duration THEN coalesce(r.value_in_business_hours, 0) ELSE 0 END)
            FROM removed r
            JOIN unnest(@metric_events, @metrics, @metric_durations) AS m (name, metric, is_duration) USING (name)
            CROSS JOIN LATERAL (VALUES ('account', @account_id), ('agent', r.user_id), ('inbox', r.inbox_id)) AS o (dimension_type, dimension_id)
            WHERE o.dimension_id IS NOT NULL
            GROUP BY o.dimension_type, o.dimension_id, m.metric
            ON CONFLICT (account_id, date, day_start, day_end, dimension_type, dimension_id, metric) DO UPDATE SET
                count = b.count + excluded.count, sum_value = b.sum_value + excluded.sum_value,
                sum_value_business_hours = b.sum_value_business_hours + excluded.sum_value_business_hours
        ),
        counted AS (
            UPDATE reporting.reporting_days
            SET events_count = greatest(events_count - (SELECT count(*) FROM removed), 0), updated_at = @now
            WHERE account_id = @account_id AND date = @date
        )
        SELECT (SELECT count(*) FROM removed),
               (SELECT count(*) FROM reporting.reporting_events e
                WHERE e.account_id = @account_id AND e.created_at >= @day_start AND e.created_at < @day_end AND {IsKept})
        """;

    /// <summary>Forgets a bounded number of ids.</summary>
    public const string Forget = """
        /* tally:purge.forget */
        DELETE FROM reporting.purged_events
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM reporting.purged_events WHERE purged_at < @before AND NOT erased ORDER BY purged_at LIMIT @limit))
        """;
}
