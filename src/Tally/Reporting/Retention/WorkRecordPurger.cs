using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Scheduling;

namespace Tally.Reporting.Retention;

/// <summary>
/// Removes records of work that ended more than <c>Reporting:RunRecordDays</c> ago: backfill requests with their days,
/// passes, drift. What is still open stays, however old.
/// </summary>
internal sealed class WorkRecordPurger(NpgsqlDataSource dataSource, IOptions<ReportingOptions> options, IClock clock)
{
    // A request has a row for each of up to 7,305 days.
    internal const int RequestsAtOnce = 20;

    internal const int RowsAtOnce = 10_000;

    internal const string Requests = """
        /* tally:run_records.requests */
        WITH old AS (
            SELECT r.id, r.account_id
            FROM reporting.backfill_requests r
            WHERE r.requested_at < @before
              AND (r.cancelled_at < @before OR r.to_date - r.from_date < (
                  SELECT count(*) FROM reporting.backfill_days d
                  WHERE d.account_id = r.account_id AND d.request_id = r.id AND d.outcome <> 'failed' AND d.finished_at < @before))
            ORDER BY r.requested_at
            LIMIT @limit
        ), days AS (
            DELETE FROM reporting.backfill_days d USING old WHERE d.account_id = old.account_id AND d.request_id = old.id
        )
        DELETE FROM reporting.backfill_requests r USING old WHERE r.id = old.id
        """;

    internal const string Drift = """
        /* tally:run_records.drift */
        DELETE FROM reporting.rollup_drift
        WHERE ctid = ANY (ARRAY(SELECT ctid FROM reporting.rollup_drift WHERE found_at < @before ORDER BY found_at LIMIT @limit))
        """;

    // One a night and kind: they need no index.
    private const string Passes = """
        /* tally:run_records.passes */
        DELETE FROM reporting.account_passes WHERE finished_at < @before
        """;

    /// <summary>Removes what is due, until time is up.</summary>
    /// <returns>How many records went, those of a request's days apart.</returns>
    public async Task<long> RemoveAsync(RuntimeLimiter limiter, CancellationToken cancellationToken)
    {
        var before = clock.GetCurrentInstant() - Duration.FromDays(options.Value.RunRecordDays);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var total = 0L;
        foreach (var (sql, limit) in new[] { (Requests, RequestsAtOnce), (Drift, RowsAtOnce), (Passes, RowsAtOnce) })
        {
            int removed;
            do
            {
                removed = await connection.ExecuteWithinAsync(options.Value.StatementTimeout, sql, new { before, limit }, cancellationToken);
                total += removed;
            }
            while (removed == limit && !limiter.IsOverTime());
            if (limiter.WasOverTime) return total;
        }

        return total;
    }
}
