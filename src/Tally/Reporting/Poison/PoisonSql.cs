namespace Tally.Reporting.Poison;

/// <summary>The SQL of <see cref="PoisonLog"/>.</summary>
internal static class PoisonSql
{
    private const string Columns = "queue, message_id, body, reason, tries, failed_at, redriven_at";

    // A try that ends with the process leaves the reason that was written before it.
    public const string Record = """
        /* tally:poison.record */
        INSERT INTO reporting.poison_messages (queue, message_id, body, reason, tries, failed_at, account_ids)
        VALUES (@queue, @message_id, @body, @reason, @tries, @now, @account_ids)
        ON CONFLICT (queue, message_id) DO UPDATE SET reason = excluded.reason, tries = excluded.tries, failed_at = excluded.failed_at
        """;

    /// <summary>Records the nth copy of a text, unless that many of it are on record.</summary>
    public const string RecordCopy = """
        /* tally:poison.record_copy */
        INSERT INTO reporting.poison_messages (queue, message_id, body, reason, tries, failed_at, account_ids)
        SELECT @queue, @message_id, @body, @reason, 0, @failed_at, @account_ids
        WHERE @nth > (
            SELECT count(*) FROM reporting.poison_messages WHERE queue = @queue AND redriven_at IS NULL AND sha256(body) = sha256(@body))
        ON CONFLICT (queue, message_id) DO NOTHING
        """;

    /// <summary>Of the events, those that were erased, with their account, their conversation or by their id.</summary>
    public const string Erased = """
        /* tally:poison.erased */
        SELECT (i.ordinal - 1)::int
        FROM unnest(@account_ids, @ids, @conversation_ids, @created_ats) WITH ORDINALITY AS i (account_id, id, conversation_id, created_at, ordinal)
        WHERE EXISTS (SELECT FROM reporting.purged_events p WHERE p.account_id = i.account_id AND p.id = i.id AND p.erased)
           OR EXISTS (
               SELECT FROM reporting.erased_conversations c
               WHERE c.account_id = i.account_id AND c.conversation_id = i.conversation_id AND (i.created_at IS NULL OR c.erased_at >= i.created_at))
           OR (EXISTS (SELECT FROM reporting.erased_accounts a WHERE a.account_id = i.account_id) AND NOT EXISTS (SELECT FROM reporting.accounts a WHERE a.id = i.account_id))
        ORDER BY i.ordinal
        """;

    public const string Remove = """
        /* tally:poison.remove */
        DELETE FROM reporting.poison_messages WHERE queue = @queue AND message_id = @message_id
        """;

    public const string Left = $"""
        /* tally:poison.left */
        SELECT {Columns} FROM reporting.poison_messages
        WHERE queue = @queue AND redriven_at IS NULL AND failed_at <= @until
        ORDER BY failed_at, message_id
        LIMIT @limit
        """;

    public const string Newest = """
        /* tally:poison.newest */
        SELECT m.*
        FROM unnest(@queues) AS q (name)
        CROSS JOIN LATERAL (
            SELECT p.queue, p.message_id, p.reason, p.tries, p.failed_at
            FROM reporting.poison_messages p
            WHERE p.queue = q.name AND p.redriven_at IS NULL
            ORDER BY p.failed_at DESC
            LIMIT @limit) m
        ORDER BY m.failed_at DESC, m.queue, m.message_id
        """;

    public const string CountLeft = """
        /* tally:poison.count */
        SELECT queue, count(*) FROM reporting.poison_messages WHERE redriven_at IS NULL AND failed_at >= @since GROUP BY queue ORDER BY queue
        """;

    public const string ReasonOf = """
        /* tally:poison.reason */
        SELECT reason FROM reporting.poison_messages
        WHERE queue = @queue AND sha256(body) = sha256(@body)
        ORDER BY redriven_at IS NULL DESC, failed_at DESC
        LIMIT 1
        """;

    public const string Mark = """
        /* tally:poison.mark */
        UPDATE reporting.poison_messages SET redriven_at = @now WHERE queue = @queue AND message_id = @message_id AND redriven_at IS NULL
        """;

    // A copy in the poison queue has an id of its own: it is known by its text.
    public const string MarkCopy = """
        /* tally:poison.mark_copy */
        UPDATE reporting.poison_messages SET redriven_at = @now
        WHERE (queue, message_id) = (
            SELECT queue, message_id FROM reporting.poison_messages
            WHERE queue = @queue AND redriven_at IS NULL AND sha256(body) = sha256(@body)
            ORDER BY failed_at
            LIMIT 1)
        """;

    public const string RemoveLeft = "/* tally:poison.purge */ DELETE FROM reporting.poison_messages WHERE queue = @queue AND redriven_at IS NULL AND failed_at <= @until";

    public const string Forget = """
        /* tally:poison.forget */
        DELETE FROM reporting.poison_messages
        WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM reporting.poison_messages WHERE redriven_at < @redriven_before OR (redriven_at IS NULL AND failed_at < @failed_before) LIMIT @limit))
        """;

    public const string OfAccount = """
        /* tally:poison.of_account */
        SELECT queue, message_id, body FROM reporting.poison_messages
        WHERE account_ids @> ARRAY[@account_id] AND (queue, message_id) > (@after_queue, @after_id)
        ORDER BY queue, message_id
        LIMIT @limit
        """;

    public const string Rewrite = """
        /* tally:poison.rewrite */
        UPDATE reporting.poison_messages SET body = @body, account_ids = @account_ids, reason = @reason WHERE queue = @queue AND message_id = @message_id
        """;
}
