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
    // A day that failed is not lost: its message is in the poison queue, for an operator to look at.
    private const string IdleRequests = $"""
        /* tally:owed.requests */
        SELECT {BackfillSql.Columns}
        FROM reporting.backfill_requests r
        LEFT JOIN LATERAL (
            SELECT count(*) AS days, max(d.finished_at) AS finished_at
            FROM reporting.backfill_days d
            WHERE d.account_id = r.account_id AND d.request_id = r.id) p ON true
        WHERE r.account_id = @account_id AND r.cancelled_at IS NULL
          AND p.days < r.days_total
          AND greatest(r.requested_at, p.finished_at) <= @before
        ORDER BY r.requested_at DESC, r.id
        LIMIT @limit
        """;

    // What a request asked for since the day became dirty is its own business: running, failed or cancelled.
    private const string DirtyDays = """
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

    private const string Resend = "/* tally:owed.resend */ UPDATE reporting.backfill_requests SET queued_at = NULL WHERE id = ANY(@ids)";

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
        var idle = (await connection.QueryAsync<BackfillRequest>(Command(IdleRequests, new { account_id = account.Id, before, limit }))).ToList();
        if (idle.Count > 0) await connection.ExecuteAsync(Command(Resend, new { ids = idle.Select(request => request.Id).ToArray() }));
        var messages = idle.Select(request => request.ToMessage()).ToList();

        var dirty = await connection.QueryAsync<LocalDate>(Command(DirtyDays, new { account_id = account.Id, limit }));
        var stretches = Backfills.Stretches([.. dirty.Order()]).Reverse().Take(limit - messages.Count).ToList();
        if (stretches.Count > 0) messages.AddRange(await InsertAsync(stretches));
        await transaction.CommitAsync(cancellationToken);
        return messages;

        async Task<IEnumerable<BackfillMessage>> InsertAsync(List<IReadOnlyList<LocalDate>> dates)
        {
            var ids = dates.ConvertAll(_ => Guid.CreateVersion7(now.ToDateTimeOffset()));
            await connection.ExecuteAsync(Command(Insert, new
            {
                account_id = account.Id, ids = ids.ToArray(), now, reason = "left uncovered", days_totals = dates.Select(stretch => stretch.Count).ToArray(),
                from_dates = dates.Select(stretch => stretch[0].ToDateOnly()).ToArray(), to_dates = dates.Select(stretch => stretch[^1].ToDateOnly()).ToArray(),
            }));
            return dates.Zip(ids, (stretch, id) => new BackfillMessage { RequestId = id, AccountId = account.Id, From = stretch[0].ToDateOnly(), To = stretch[^1].ToDateOnly() });
        }

        CommandDefinition Command(string sql, object parameters) =>
            new(sql, parameters, transaction, TimedStatement.ClientTimeout(options.Value.StatementTimeout), cancellationToken: cancellationToken);
    }
}
