using Dapper;
using NodaTime;
using Npgsql;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;

namespace Tally.Reporting.Reconcile;

/// <summary>
/// Days that wait for a rebuild whose message got lost: those of requests that have stood still, and dirty days that
/// nobody has asked for.
/// </summary>
internal sealed class OwedDays(NpgsqlDataSource dataSource, Backfills backfills, IClock clock)
{
    // A day that failed is not lost: its message is in the poison queue, for an operator to look at.
    private const string IdleRequests = """
        /* tally:owed.requests */
        SELECT r.id, r.account_id, r.from_date, r.to_date, r.forced, r.reason, r.requested_at, r.cancelled_at
        FROM reporting.backfill_requests r
        LEFT JOIN LATERAL (
            SELECT count(*) AS days, max(d.finished_at) AS finished_at
            FROM reporting.backfill_days d
            WHERE d.account_id = r.account_id AND d.request_id = r.id) p ON true
        WHERE r.account_id = @account_id AND r.cancelled_at IS NULL
          AND p.days <= r.to_date - r.from_date
          AND greatest(r.requested_at, p.finished_at) <= @before
        ORDER BY r.requested_at DESC, r.id
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
        ORDER BY d.date
        """;

    /// <summary>Records requests for dirty days and returns the messages that set them, and the idle ones, going again.</summary>
    /// <param name="account">Whose days.</param>
    /// <param name="queued">Days that have a message already.</param>
    /// <param name="idleFor">How long a request may show no progress.</param>
    /// <param name="timeout">Of each statement.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<IReadOnlyList<BackfillMessage>> RequestAsync(
        Account account, IReadOnlyCollection<LocalDate> queued, TimeSpan idleFor, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var now = clock.GetCurrentInstant();
        var idle = await connection.QueryAsync<BackfillRequest>(Command(IdleRequests, new { account_id = account.Id, before = now - Duration.FromTimeSpan(idleFor) }));
        var dirty = await connection.QueryAsync<LocalDate>(Command(DirtyDays, new { account_id = account.Id }));

        var messages = new List<BackfillMessage>();
        foreach (var request in idle) messages.AddRange(await backfills.PendingAsync(request, cancellationToken));
        foreach (var (from, to) in Backfills.Ranges([.. dirty.Except(queued)]))
        {
            var request = new BackfillRequest
            {
                Id = Guid.CreateVersion7(now.ToDateTimeOffset()),
                AccountId = account.Id,
                FromDate = from,
                ToDate = to,
                Forced = false,
                Reason = "left dirty",
                RequestedAt = now,
            };
            await connection.ExecuteAsync(Command(BackfillSql.Insert, BackfillSql.Parameters(request)));
            messages.Add(request.ToMessage());
        }

        return messages;

        CommandDefinition Command(string sql, object parameters) => new(sql, parameters, commandTimeout: (int)timeout.TotalSeconds, cancellationToken: cancellationToken);
    }
}
