using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Scheduling;

namespace Tally.ValueStream;

/// <summary>The runs of one worker on one connection: who is due, whose turn it is, how far each has come.</summary>
/// <param name="connection">Open; used for nothing else meanwhile.</param>
/// <param name="month">The month that is counted, fixed for the life of this object.</param>
/// <param name="onlyGroup">The only top-level group to look at; null for all.</param>
internal sealed class CountTurns(NpgsqlConnection connection, ValueStreamOptions options, IClock clock, LocalDate month, long? onlyGroup)
{
    // The month at hand and two more, so that a worker that sleeps over a month's end finds its partition.
    private const string AddPartitions = """
        /* tally:counts.add_partitions */
        SELECT value_stream.add_count_partitions(@month, 3)
        """;

    private const string DisableUnlicensed = """
        /* tally:counts.disable_unlicensed */
        UPDATE value_stream.value_stream_dashboard_aggregations SET enabled = false
        WHERE namespace_id IN (
            SELECT aggregations.namespace_id
            FROM value_stream.value_stream_dashboard_aggregations aggregations
            JOIN value_stream.namespaces ON namespaces.id = aggregations.namespace_id
            WHERE aggregations.enabled AND namespaces.parent_id IS NULL AND (namespaces.plan IS NULL OR namespaces.plan <> ALL (@plans))
            ORDER BY aggregations.namespace_id
            FOR UPDATE OF aggregations SKIP LOCKED
        )
        RETURNING namespace_id
        """;

    private const string Open = """
        /* tally:counts.open */
        INSERT INTO value_stream.value_stream_dashboard_runs (top_level_namespace_id, period_month, last_turn_at)
        SELECT aggregations.namespace_id, @month, coalesce(aggregations.last_run_at, '-infinity')
        FROM value_stream.value_stream_dashboard_aggregations aggregations
        JOIN value_stream.namespaces ON namespaces.id = aggregations.namespace_id
        WHERE aggregations.enabled AND namespaces.type = 'Group' AND namespaces.parent_id IS NULL AND namespaces.plan = ANY (@plans)
          AND NOT EXISTS (
              SELECT FROM value_stream.value_stream_dashboard_runs
              WHERE top_level_namespace_id = aggregations.namespace_id AND period_month = @month)
        ORDER BY aggregations.namespace_id
        FOR SHARE OF aggregations
        ON CONFLICT (top_level_namespace_id, period_month) DO NOTHING
        """;

    // Open runs belong to enabled groups: disabling deletes them. A group that has moved below another is no tree of its own.
    private const string DueRuns = """
        value_stream.value_stream_dashboard_runs
            WHERE period_month = @month AND finished_at IS NULL AND failed_at IS NULL
              AND top_level_namespace_id <> ALL (@skip)
              AND (@only_group::bigint IS NULL OR top_level_namespace_id = @only_group)
              AND EXISTS (SELECT FROM value_stream.namespaces WHERE namespaces.id = top_level_namespace_id AND namespaces.parent_id IS NULL)
        """;

    private const string Claim = $"""
        /* tally:counts.claim */
        UPDATE value_stream.value_stream_dashboard_runs
        SET {LeaseSql.Take}, started_at = coalesce(started_at, @now), last_turn_at = clock_timestamp()
        WHERE period_month = @month AND top_level_namespace_id = (
            SELECT top_level_namespace_id
            FROM {DueRuns} AND {LeaseSql.IsFree}
            ORDER BY last_turn_at, top_level_namespace_id
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING *
        """;

    private const string CountDue = $"""
        /* tally:counts.count_due */
        SELECT count(*) FROM {DueRuns}
        """;

    private const string Save = $"""
        /* tally:counts.save */
        WITH run AS (
            UPDATE value_stream.value_stream_dashboard_runs runs
            SET metric = @metric, namespace_id = @namespace_id,
                partial_namespace_id = @partial_namespace_id, last_count = @last_count, last_value = @last_value,
                rows_counted = rows_counted + cardinality(@namespace_ids),
                attempts = 0, shrink = greatest(shrink - 1, 0), last_error = NULL,
                finished_at = CASE WHEN @finished THEN @now END,
                lease_owner = CASE WHEN @finished THEN NULL ELSE lease_owner END,
                lease_until = CASE WHEN @finished THEN NULL ELSE clock_timestamp() + @lease_duration END
            WHERE top_level_namespace_id = @top_level_namespace_id AND period_month = @month AND {LeaseSql.IsHeld}
              AND EXISTS (
                  SELECT FROM value_stream.value_stream_dashboard_aggregations aggregations
                  JOIN value_stream.namespaces ON namespaces.id = aggregations.namespace_id
                  WHERE aggregations.namespace_id = @top_level_namespace_id AND aggregations.enabled
                      AND namespaces.parent_id IS NULL AND namespaces.plan = ANY (@plans))
            RETURNING top_level_namespace_id
        ), counts AS (
            INSERT INTO value_stream.value_stream_dashboard_counts AS old (namespace_id, metric, period_month, count, recorded_at)
            SELECT found.namespace_id, @counted_metric, @month, found.count, @now
            FROM run CROSS JOIN unnest(@namespace_ids, @counts) AS found (namespace_id, count)
            ORDER BY found.namespace_id
            ON CONFLICT (namespace_id, metric, period_month) DO UPDATE SET count = EXCLUDED.count, recorded_at = EXCLUDED.recorded_at
            WHERE old.recorded_at <= EXCLUDED.recorded_at
        ), aggregation AS (
            UPDATE value_stream.value_stream_dashboard_aggregations SET last_run_at = @now
            FROM run WHERE @finished AND namespace_id = run.top_level_namespace_id
        )
        SELECT EXISTS (SELECT FROM run)
        """;

    private const string EndTurn = $"""
        /* tally:counts.end_turn */
        UPDATE value_stream.value_stream_dashboard_runs SET {LeaseSql.Release}
        WHERE top_level_namespace_id = @top_level_namespace_id AND period_month = @month AND {LeaseSql.IsHeld}
        """;

    private const string RecordFailure = $"""
        /* tally:counts.record_failure */
        UPDATE value_stream.value_stream_dashboard_runs
        SET attempts = attempts + 1, shrink = shrink + 1, last_error = @error,
            failed_at = CASE WHEN attempts + 1 >= @max_attempts THEN @now END,
            {LeaseSql.Release}
        WHERE top_level_namespace_id = @top_level_namespace_id AND period_month = @month AND {LeaseSql.IsHeld}
        """;

    private readonly string _owner = Lease.NewOwner();
    private readonly List<long> _skip = [];

    /// <summary>Gets the month ready: partitions, a run for every group that is due, the unlicensed disabled and returned.</summary>
    public async Task<IReadOnlyList<long>> OpenAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync(AddPartitions, new { month }, cancellationToken);
        var disabled = await DisableUnlicensedAsync(cancellationToken);
        await ExecuteAsync(Open, new { month, plans = options.Plans }, cancellationToken);
        return disabled;
    }

    /// <summary>Disables the groups whose plan does not include the counts; their positions go with it.</summary>
    public Task<IReadOnlyList<long>> DisableUnlicensedAsync(CancellationToken cancellationToken) =>
        connection.QueryWithinAsync<long>(options.StatementTimeout, DisableUnlicensed, new { plans = options.Plans }, cancellationToken);

    /// <summary>Takes the lease of the group whose turn is longest ago; null when none is free.</summary>
    public async Task<CountRun?> ClaimAsync(CancellationToken cancellationToken)
    {
        var parameters = new
        {
            owner = _owner,
            lease_duration = options.LeaseDuration,
            now = clock.GetCurrentInstant(),
            month,
            skip = _skip.ToArray(),
            only_group = onlyGroup,
        };
        return (await connection.QueryWithinAsync<CountRun>(options.StatementTimeout, Claim, parameters, cancellationToken)).SingleOrDefault();
    }

    /// <summary>How many groups are due, leased or not, those apart that failed in this worker's hands.</summary>
    public async Task<long> CountDueAsync(CancellationToken cancellationToken)
    {
        var parameters = new { month, skip = _skip.ToArray(), only_group = onlyGroup };
        return (await connection.QueryWithinAsync<long>(options.StatementTimeout, CountDue, parameters, cancellationToken)).Single();
    }

    /// <summary>
    /// Commits what was found together with the position after it, or with the completion of the run.
    /// False, and nothing is written, when the lease went to another worker or the group was disabled, moved, deleted or reset.
    /// </summary>
    public async Task<bool> SaveAsync(CountRun run, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var (metric, found, next) = checkpoint;
        var parameters = new
        {
            top_level_namespace_id = run.TopLevelNamespaceId,
            month = run.PeriodMonth,
            owner = run.LeaseOwner,
            fence = run.Fence,
            lease_duration = options.LeaseDuration,
            plans = options.Plans,
            now = clock.GetCurrentInstant(),
            counted_metric = metric.Number,
            namespace_ids = found.Select(row => row.NamespaceId).ToArray(),
            counts = found.Select(row => row.Count).ToArray(),
            finished = next is null,
            metric = next?.Metric ?? metric.Number,
            namespace_id = next?.NamespaceId,
            partial_namespace_id = next?.Partial?.NamespaceId,
            last_count = next?.Partial?.LastCount,
            last_value = next?.Partial?.LastValue,
        };
        return (await connection.QueryWithinAsync<bool>(options.StatementTimeout, Save, parameters, cancellationToken)).Single();
    }

    /// <summary>Gives the lease back.</summary>
    public Task EndTurnAsync(CountRun run, CancellationToken cancellationToken) =>
        ExecuteAsync(EndTurn, new { top_level_namespace_id = run.TopLevelNamespaceId, month = run.PeriodMonth, owner = run.LeaseOwner, fence = run.Fence }, cancellationToken);

    /// <summary>
    /// Records a failure and gives the lease back. The group is left alone for the rest of this worker's life: what made a
    /// statement slow may have passed by the next run.
    /// </summary>
    public Task RecordFailureAsync(CountRun run, string error, CancellationToken cancellationToken)
    {
        _skip.Add(run.TopLevelNamespaceId);
        var parameters = new
        {
            top_level_namespace_id = run.TopLevelNamespaceId,
            month = run.PeriodMonth,
            owner = run.LeaseOwner,
            fence = run.Fence,
            error,
            max_attempts = options.MaxAttempts,
            now = clock.GetCurrentInstant(),
        };
        return ExecuteAsync(RecordFailure, parameters, cancellationToken);
    }

    private Task<int> ExecuteAsync(string sql, object parameters, CancellationToken cancellationToken) =>
        connection.ExecuteWithinAsync(options.StatementTimeout, sql, parameters, cancellationToken);
}
