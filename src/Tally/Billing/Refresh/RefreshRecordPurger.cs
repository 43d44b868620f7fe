using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;

namespace Tally.Billing.Refresh;

/// <summary>
/// Removes the records of refreshes that began more than <c>Billing:RunRecordDays</c> ago and changed no fact: a correction
/// keeps its run, and the last night says where the next one begins.
/// </summary>
internal sealed class RefreshRecordPurger(NpgsqlDataSource dataSource, IOptions<BillingOptions> options, IClock clock)
{
    // Of an hourly tick two months; each has a few days.
    internal const int RunsAtOnce = 1_000;

    internal const string Remove = """
        /* tally:billing.remove_runs */
        DELETE FROM billing.refresh_runs
        WHERE id = ANY (ARRAY(
            SELECT id FROM billing.refresh_runs old
            WHERE old.started_at < @before AND old.finished_at IS NOT NULL
              AND (old.night IS NULL OR old.night < (SELECT max(night) FROM billing.refresh_runs))
              AND NOT EXISTS (SELECT FROM billing.corrections WHERE corrections.run_id = old.id)
            ORDER BY old.started_at
            LIMIT @limit))
        """;

    /// <summary>Removes up to 1,000 runs with their days.</summary>
    public async Task<int> RemoveAsync(CancellationToken cancellationToken)
    {
        var before = clock.GetCurrentInstant() - Duration.FromDays(options.Value.RunRecordDays);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteWithinAsync(options.Value.StatementTimeout, Remove, new { before, limit = RunsAtOnce }, cancellationToken);
    }
}
