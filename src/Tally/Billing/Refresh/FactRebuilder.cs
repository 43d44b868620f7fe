using Dapper;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Scheduling;

namespace Tally.Billing.Refresh;

/// <summary>What to rebuild and on whose behalf.</summary>
/// <param name="RunId">The refresh run that answers for the changes.</param>
/// <param name="Services">Only these services; null for all.</param>
/// <param name="Force">Also empty facts of services whose messages have been purged.</param>
/// <param name="Lease">The schedule's lease, for a scheduled run: the day commits only while it is held.</param>
internal sealed record RebuildRequest(Guid RunId, IReadOnlyCollection<Guid>? Services, bool Force, Lease? Lease);

/// <summary>Brings one day's facts up to date in one transaction, alone on that day by an advisory lock.</summary>
internal sealed class FactRebuilder(NpgsqlDataSource dataSource, IClock clock, IOptions<BillingOptions> options)
{
    private const string Settings = """
        /* tally:billing.day_settings */
        SELECT -- A day's groups fit; the default would hash them on disk.
               set_config('work_mem', '64MB', true),
               -- Days and tables differ in size by orders of magnitude: no plan fits all.
               set_config('plan_cache_mode', 'force_custom_plan', true),
               -- Computed and stored facts are compared by hash: neither side is in any order.
               set_config('enable_mergejoin', 'off', true),
               set_config('jit', 'off', true)
        """;

    private const string Lock = "/* tally:billing.lock_day */ SELECT pg_advisory_xact_lock(@lock_class, @lock_key)";

    private const string State = """
        /* tally:billing.day_state */
        SELECT EXISTS (SELECT FROM billing.closed_months WHERE month = @month AND reopened_at IS NULL) AS closed,
               EXISTS (SELECT FROM billing.settled_days WHERE local_date = @day) AS settled
        """;

    private const string Settle = """
        /* tally:billing.settle_day */
        INSERT INTO billing.settled_days (local_date, settled_at) VALUES (@day, @now) ON CONFLICT DO NOTHING
        """;

    private const string Finish = """
        /* tally:billing.finish_day */
        UPDATE billing.refresh_run_days SET finished_at = @now, error = NULL,
            inserted = @inserted, updated = @updated, removed = @removed, held = @held, kept = @kept
        WHERE run_id = @run_id AND local_date = @day
        """;

    private const string KeepLease = $"""
        /* tally:billing.keep_lease */
        UPDATE billing.refresh_lease SET {LeaseSql.Renew} WHERE {LeaseSql.IsHeld}
        """;

    /// <summary>Rebuilds the day; its facts and the run's note that it is done commit together.</summary>
    /// <exception cref="MissingRateException">Nothing was written.</exception>
    /// <exception cref="LeaseLostException">Nothing was written.</exception>
    public async Task<RefreshedDay> RunAsync(LocalDate day, RebuildRequest request, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(options.Value.StatementTimeout, cancellationToken);
        CommandDefinition Command(string sql, object? parameters) =>
            new(sql, parameters, transaction, commandTimeout: TimedStatement.ClientTimeout(options.Value.StatementTimeout), cancellationToken: cancellationToken);

        await connection.ExecuteAsync(Command(Settings, null));
        await connection.ExecuteAsync(Command(Lock, new { lock_class = BillingDay.LockClass, lock_key = day.LockKey() }));
        // A statement of its own, after the lock: it must see what the lock's former holder committed.
        var state = await connection.QuerySingleAsync<FactDayState>(Command(State, new { day, month = day.Month().FirstDay() }));

        var now = clock.GetCurrentInstant();
        var allServices = request.Services is null;
        var outcome = await connection.QuerySingleAsync<Outcome>(Command(
            state.Closed ? FactSql.Hold(allServices) : FactSql.Rebuild(allServices),
            new
            {
                day, from = day.StartUtc(), to = day.EndUtc(), now, run_id = request.RunId, force = request.Force, settled = state.Settled,
                services = request.Services?.ToArray() ?? [],
            }));
        if (outcome.Unrated) throw new MissingRateException(day);

        var result = outcome.ToResult(day, state.Closed);
        if (allServices && !state.Settled && now >= day.EndUtc()) await connection.ExecuteAsync(Command(Settle, new { day, now }));
        await connection.ExecuteAsync(Command(Finish, new { run_id = request.RunId, day, now, inserted = result.Inserted, updated = result.Updated, removed = result.Removed, held = result.Held, kept = result.Kept }));
        if (request.Lease is { } lease
            && await connection.ExecuteAsync(Command(KeepLease, new { owner = lease.Owner, fence = lease.Fence, lease_duration = options.Value.LeaseDuration })) == 0)
            throw new LeaseLostException("the billing schedule");

        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    private sealed record FactDayState
    {
        public bool Closed { get; init; }
        public bool Settled { get; init; }
    }

    private sealed record Outcome
    {
        public long Inserted { get; init; }
        public long Updated { get; init; }
        public long Removed { get; init; }
        public long Kept { get; init; }
        public bool Unrated { get; init; }

        public RefreshedDay ToResult(LocalDate day, bool closed) => new()
        {
            LocalDate = day,
            Inserted = closed ? 0 : Inserted,
            Updated = closed ? 0 : Updated,
            Removed = closed ? 0 : Removed,
            Held = closed ? Inserted + Updated + Removed : 0,
            Kept = Kept,
        };
    }
}
