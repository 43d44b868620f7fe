namespace Tally.Reporting.Backfill;

/// <summary>The SQL of backfills.</summary>
internal static class BackfillSql
{
    public const string Columns = "r.id, r.account_id, r.from_date, r.to_date, r.days_total, r.drops_bases, r.reason, r.requested_at, r.cancelled_at";

    public const string Insert = """
        /* tally:backfills.request */
        INSERT INTO reporting.backfill_requests (id, account_id, from_date, to_date, days_total, drops_bases, reason, requested_at)
        VALUES (@id, @account_id, @from_date, @to_date, @days_total, @drops_bases, @reason, @requested_at)
        ON CONFLICT (id) DO NOTHING
        """;

    public const string Find = $"""
        /* tally:backfills.find */
        SELECT {Columns} FROM reporting.backfill_requests r WHERE r.id = @id
        """;

    /// <summary>Requests that are on record and were not put on their queue, the oldest first.</summary>
    public const string Unqueued = $"""
        /* tally:backfills.unqueued */
        SELECT {Columns} FROM reporting.backfill_requests r
        WHERE r.queued_at IS NULL AND r.cancelled_at IS NULL AND r.requested_at <= @before AND (@account_id::bigint IS NULL OR r.account_id = @account_id)
        ORDER BY r.requested_at, r.id
        LIMIT @limit
        """;

    public const string MarkQueued = "/* tally:backfills.queued */ UPDATE reporting.backfill_requests SET queued_at = @now WHERE id = @id AND queued_at IS NULL";

    public const string SetCancelled = $"""
        /* tally:backfills.cancel */
        UPDATE reporting.backfill_requests r SET cancelled_at = @cancelled_at::timestamptz, queued_at = NULL, ended_at = NULL WHERE r.id = @id RETURNING {Columns}
        """;

    /// <summary>The days that a request has left may be gone by now: then it is done.</summary>
    public const string SetTotal = """
        /* tally:backfills.set_total */
        UPDATE reporting.backfill_requests SET days_total = @days_total, ended_at = NULL WHERE id = @id
        """;

    public const string DoneDays = """
        /* tally:backfills.done */
        SELECT date FROM reporting.backfill_days WHERE account_id = @account_id AND request_id = @request_id AND outcome <> 'failed'
        """;

    public const string RecordFailure = """
        /* tally:backfills.fail */
        INSERT INTO reporting.backfill_days (account_id, request_id, date, outcome, error, finished_at)
        SELECT @account_id, @request_id, @date, 'failed', @error, @now
        WHERE EXISTS (SELECT FROM reporting.accounts WHERE id = @account_id)
        ON CONFLICT (account_id, request_id, date) DO UPDATE SET outcome = excluded.outcome, error = excluded.error, finished_at = excluded.finished_at
        """;

    public const string Progress = $"""
        /* tally:backfills.progress */
        SELECT {Columns},
               count(*) FILTER (WHERE d.outcome <> 'failed')::int AS days_done,
               count(*) FILTER (WHERE d.outcome = 'kept')::int AS days_kept,
               count(*) FILTER (WHERE d.outcome = 'failed')::int AS days_failed,
               max(d.finished_at) FILTER (WHERE d.outcome <> 'failed') AS last_finished_at,
               (array_agg(d.error ORDER BY d.finished_at DESC) FILTER (WHERE d.outcome = 'failed'))[1] AS last_error
        FROM (
            SELECT * FROM reporting.backfill_requests
            WHERE (@account_id::bigint IS NULL OR account_id = @account_id) AND (@id::uuid IS NULL OR id = @id)
            ORDER BY requested_at DESC, id DESC
            LIMIT @limit::int) r
        LEFT JOIN reporting.backfill_days d ON d.account_id = r.account_id AND d.request_id = r.id
        GROUP BY {Columns}
        ORDER BY r.requested_at DESC, r.id DESC
        """;

    public static object Parameters(BackfillRequest request) => new
    {
        id = request.Id,
        account_id = request.AccountId,
        from_date = request.FromDate,
        to_date = request.ToDate,
        days_total = request.DaysTotal,
        drops_bases = request.DropsBases,
        reason = request.Reason,
        requested_at = request.RequestedAt,
    };
}
