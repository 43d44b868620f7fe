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

    /// <summary>Removes the events and remembers their ids, so that no message brings them back. Answers how many they were.</summary>
    public const string Erase = """
        /* tally:erase.events */
        WITH removed AS (
            DELETE FROM reporting.reporting_events WHERE account_id = @account_id AND id = ANY(@ids) RETURNING account_id, id, created_at
        ),
        remembered AS (
            INSERT INTO reporting.purged_events (account_id, id, created_at, purged_at, erased)
            SELECT account_id, id, created_at, @now, true FROM removed ORDER BY id
            ON CONFLICT (account_id, id) DO NOTHING
        )
        SELECT count(*) FROM removed
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

    /// <summary>Remembers the conversation, so that those of its events are refused when they come that were created up to now. Under the account's lock.</summary>
    public const string RememberConversation = """
        /* tally:erase.remember_conversation */
        INSERT INTO reporting.erased_conversations AS c (account_id, conversation_id, erased_at) VALUES (@account_id, @conversation_id, @now)
        ON CONFLICT (account_id, conversation_id) DO UPDATE SET erased_at = greatest(c.erased_at, excluded.erased_at)
        """;

    /// <summary>Everything that is kept by account, each statement in bounded steps of <c>@limit</c> rows.</summary>
    public static readonly IReadOnlyList<string> DeleteRows =
    [
        .. new[] { "reporting_events", "reporting_events_rollups", "reporting_days", "backfill_days", "backfill_requests", "rollup_drift", "rollup_bases", "purged_events", "erased_conversations" }.Select(table => $"""
            /* tally:erase.{table} */
            DELETE FROM reporting.{table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM reporting.{table} WHERE account_id = @account_id LIMIT @limit))
            """),
    ];
}
