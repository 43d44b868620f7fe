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

    public const string FirstEvent = """
        /* tally:purge.first */
        SELECT min(created_at) FROM reporting.reporting_events WHERE account_id = @account_id
        """;

    /// <summary>Of these days, those with events that are not frozen yet.</summary>
    public const string Candidates = """
        /* tally:purge.candidates */
        SELECT t.date, d.timezone, d.state
        FROM unnest(@dates, @starts, @ends) AS t (date, day_start, day_end)
        LEFT JOIN reporting.reporting_days d ON d.account_id = @account_id AND d.date = t.date
        WHERE d.state IS DISTINCT FROM 'frozen'
          AND EXISTS (SELECT FROM reporting.reporting_events e WHERE e.account_id = @account_id AND e.created_at >= t.day_start AND e.created_at < t.day_end)
        ORDER BY t.date
        """;

    public const string FindDay = """
        /* tally:purge.day */
        SELECT date, timezone, state FROM reporting.reporting_days WHERE account_id = @account_id AND date = @date
        """;

    /// <summary>Removes a day's events, remembers their ids and freezes the day. Answers the events removed, and those kept.</summary>
    public const string Purge = $"""
        /* tally:purge.purge */
        WITH removed AS (
            DELETE FROM reporting.reporting_events e
            WHERE e.account_id = @account_id AND e.created_at >= @day_start AND e.created_at < @day_end AND NOT {IsKept}
            RETURNING e.id, e.created_at
        ),
        remembered AS (
            INSERT INTO reporting.purged_events (account_id, id, created_at, purged_at)
            SELECT @account_id, id, created_at, @now FROM removed ORDER BY id
            ON CONFLICT (account_id, id) DO NOTHING
        ),
        frozen AS (
            UPDATE reporting.reporting_days SET state = 'frozen', updated_at = @now WHERE account_id = @account_id AND date = @date
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
