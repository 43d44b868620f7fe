using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Scheduling;

namespace Tally.Billing.Refresh;

/// <summary>The last nightly run: which night, and whether all its days are done or given up.</summary>
internal sealed record NightlyRun
{
    public Guid Id { get; init; }
    public LocalDate Night { get; init; }
    public Instant? FinishedAt { get; init; }
}

/// <summary>The book of refreshes: which days a run has to do, which it has done, and why one failed.</summary>
internal sealed class RefreshLog(NpgsqlDataSource dataSource, IClock clock, IOptions<BillingOptions> options)
{
    private const string Open = """
        /* tally:billing.open_run */
        WITH run AS (
            INSERT INTO billing.refresh_runs (kind, night, services, forced, started_at)
            VALUES (@kind, @night, @services, @forced, @now)
            ON CONFLICT (night) DO NOTHING
            RETURNING id
        ), days AS (
            INSERT INTO billing.refresh_run_days (run_id, local_date)
            SELECT run.id, day FROM run CROSS JOIN unnest(@days) day ORDER BY 1, 2
        )
        SELECT id FROM run
        """;

    private const string Pending = """
        /* tally:billing.pending_days */
        SELECT local_date FROM billing.refresh_run_days
        WHERE run_id = @run_id AND finished_at IS NULL AND error IS NULL
        ORDER BY local_date DESC
        """;

    private const string Failed = """
        /* tally:billing.failed_days */
        SELECT local_date FROM billing.refresh_run_days WHERE run_id = @run_id AND finished_at IS NULL AND error IS NOT NULL
        """;

    private const string Fail = """
        /* tally:billing.fail_day */
        UPDATE billing.refresh_run_days SET error = @error WHERE run_id = @run_id AND local_date = @day
        """;

    private const string Close = "/* tally:billing.close_run */ UPDATE billing.refresh_runs SET finished_at = @now WHERE id = @run_id";

    private const string Last = """
        /* tally:billing.last_night */
        SELECT id, night, finished_at FROM billing.refresh_runs WHERE kind = 'nightly' ORDER BY night DESC LIMIT 1
        """;

    /// <summary>Opens a run; null when the night has one already.</summary>
    public async Task<Guid?> OpenAsync(
        string kind, IEnumerable<LocalDate> days, LocalDate? night = null, IReadOnlyCollection<Guid>? services = null, bool forced = false, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryWithinAsync<Guid?>(
            options.Value.StatementTimeout,
            Open,
            new { kind, night, forced, services = services?.ToArray(), now = clock.GetCurrentInstant(), days = days.ToArray() },
            cancellationToken)).SingleOrDefault();
    }

    /// <summary>The days that the run still has to do, the latest first.</summary>
    public Task<IReadOnlyList<LocalDate>> PendingAsync(Guid runId, CancellationToken cancellationToken) => DaysAsync(Pending, runId, cancellationToken);

    /// <summary>The days that the run gave up.</summary>
    public Task<IReadOnlyList<LocalDate>> FailedAsync(Guid runId, CancellationToken cancellationToken) => DaysAsync(Failed, runId, cancellationToken);

    /// <summary>Notes why a day failed, whoever cancels.</summary>
    public async Task FailAsync(Guid runId, LocalDate day, string error)
    {
        await using var connection = await dataSource.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteWithinAsync(TimeBoxes.Uncancelled, Fail, new { run_id = runId, day, error }, CancellationToken.None);
    }

    public async Task CloseAsync(Guid runId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteWithinAsync(options.Value.StatementTimeout, Close, new { run_id = runId, now = clock.GetCurrentInstant() }, cancellationToken);
    }

    public async Task<NightlyRun?> LastNightAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryWithinAsync<NightlyRun>(options.Value.StatementTimeout, Last, null, cancellationToken)).SingleOrDefault();
    }

    private async Task<IReadOnlyList<LocalDate>> DaysAsync(string sql, Guid runId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QueryWithinAsync<LocalDate>(options.Value.StatementTimeout, sql, new { run_id = runId }, cancellationToken);
    }
}
