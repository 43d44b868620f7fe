using Dapper;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;

namespace Tally.Reporting.Reconcile;

/// <summary>
/// Days that wait for a rebuild: those of requests that have stood still, and dirty days that nobody has asked for. Their
/// requests are recorded as not queued.
/// </summary>
internal sealed class OwedDays(NpgsqlDataSource dataSource, IOptions<ReportingOptions> options, IClock clock)
{
    // A day that failed is not lost: its message is in the poison queue, for an operator to look at. Who raises days_total
    // meanwhile opens the request again: so the row is looked at once more before it is ended.
    internal const string IdleRequests = $"""
        /* tally:owed.requests */
        WITH open AS MATERIALIZED (
            SELECT r.id, r.days_total, r.requested_at, p.days, p.finished_at
            FROM reporting.backfill_requests r
            LEFT JOIN LATERAL (
                SELECT count(*) AS days, max(d.finished_at) AS finished_at
                FROM reporting.backfill_days d
                WHERE d.account_id = r.account_id AND d.request_id = r.id) p ON true
            WHERE r.account_id = @account_id AND r.ended_at IS NULL AND r.cancelled_at IS NULL
        ),
        ended AS (
            UPDATE reporting.backfill_requests r SET ended_at = @now FROM open WHERE r.id = open.id AND open.days >= r.days_total
        ),
        idle AS (
            SELECT id FROM open
            WHERE days < days_total AND greatest(requested_at, finished_at) <= @before
            ORDER BY requested_at DESC, id
            LIMIT @limit
        )
        UPDATE reporting.backfill_requests r SET queued_at = NULL FROM idle WHERE r.id = idle.id RETURNING {BackfillSql.Columns}
        """;

    // What a request asked for since the day became dirty is its own business: running, failed or cancelled.
    internal const string DirtyDays = """
        /* tally:owed.days */
        SELECT d.date
        FROM reporting.reporting_days d
        WHERE d.account_id = @account_id AND d.state = 'dirty'
          AND NOT EXISTS (
              SELECT FROM reporting.backfill_requests r
              WHERE r.account_id = d.account_id AND d.date BETWEEN r.from_date AND r.to_date AND r.requested_at >= d.updated_at
                AND NOT EXISTS (
                    SELECT FROM reporting.backfill_days b
                    WHERE b.account_id = r.account_id AND b.request_id = r.id AND b.date = d.date AND b.outcome <> 'failed'))
        ORDER BY d.date DESC
        LIMIT @limit
        """;

    private const string Insert = """
        /* tally:owed.request */
        INSERT INTO reporting.backfill_requests (id, account_id, from_date, to_date, days_total, reason, requested_at)
        SELECT id, @account_id, from_date, to_date, days_total, @reason, @now
        FROM unnest(@ids, @from_dates, @to_dates, @days_totals) AS r (id, from_date, to_date, days_total)
        ORDER BY id
        """;

    /// <summary>Records requests for dirty days and returns the messages that set them, and the idle ones, going again.</summary>
    /// <param name="account">Whose days.</param>
    /// <param name="limit">How many messages at most; what is over is owed still, and found by the next run. The newest come first.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<IReadOnlyList<BackfillMessage>> RequestAsync(Account account, int limit, CancellationToken cancellationToken)
    {
        if (limit <= 0) return [];
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(options.Value.StatementTimeout, cancellationToken);
        var now = clock.GetCurrentInstant();
        var before = now - Duration.FromTimeSpan(options.Value.ResendAfter);
        var idle = await connection.QueryAsync<BackfillRequest>(Command(IdleRequests, new { account_id = account.Id, before, limit, now }));
        var messages = idle.OrderByDescending(request => request.RequestedAt).Select(request => request.ToMessage()).ToList();

        var dirty = await connection.QueryAsync<LocalDate>(Command(DirtyDays, new { account_id = account.Id, limit }));
        var stretches = BackfillRequests.Stretches([.. dirty.Order()]).Reverse().Take(limit - messages.Count).ToList();
        if (stretches.Count > 0) messages.AddRange(await InsertAsync(stretches));
        await transaction.CommitAsync(cancellationToken);
        return messages;

        async Task<IEnumerable<BackfillMessage>> InsertAsync(List<IReadOnlyList<LocalDate>> dates)
        {
            var ids = dates.ConvertAll(_ => Guid.CreateVersion7(now.ToDateTimeOffset()));
            await connection.ExecuteAsync(Command(Insert, new
            {
                account_id = account.Id, ids = ids.ToArray(), now, reason = "left uncovered", days_totals = dates.Select(stretch => stretch.Count).ToArray(),
                from_dates = dates.ConvertAll(stretch => stretch[0]), to_dates = dates.ConvertAll(stretch => stretch[^1]),
            }));
            return dates.Zip(ids, (stretch, id) => new BackfillMessage { RequestId = id, AccountId = account.Id, From = stretch[0].ToDateOnly(), To = stretch[^1].ToDateOnly() });
        }

        CommandDefinition Command(string sql, object parameters) =>
            new(sql, parameters, transaction, TimedStatement.ClientTimeout(options.Value.StatementTimeout), cancellationToken: cancellationToken);
    }
}
