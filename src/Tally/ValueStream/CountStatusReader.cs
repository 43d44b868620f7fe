using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.ValueStream;

/// <summary>How one top-level group stands in one month.</summary>
internal sealed record GroupStatus
{
    public required long Group { get; init; }
    public required bool Enabled { get; init; }
    public required LocalDate Month { get; init; }

    /// <summary>Null until a worker has seen that the group is due.</summary>
    public required RunState? State { get; init; }

    /// <summary>The number of the metric that is being counted, see <see cref="CountMetric"/>.</summary>
    public required short? Metric { get; init; }

    /// <summary>The last namespace that is finished in it; null at its start.</summary>
    public required long? NamespaceId { get; init; }

    /// <summary>A large namespace that is being counted in batches, and how many of its rows are counted.</summary>
    public required long? PartialNamespaceId { get; init; }

    public required long? LastCount { get; init; }

    /// <summary>Counts written of counts expected, 0 to 100; 100 only when complete.</summary>
    public required decimal Percent { get; init; }

    /// <summary>Counts written.</summary>
    public required long Rows { get; init; }

    public required string? LeaseOwner { get; init; }
    public required Instant? LeaseUntil { get; init; }

    /// <summary>Failures in a row.</summary>
    public required int Attempts { get; init; }

    public required string? LastError { get; init; }
    public required Instant? StartedAt { get; init; }
    public required Instant? FinishedAt { get; init; }

    /// <summary>When the group was last complete, in any month.</summary>
    public required Instant? LastRunAt { get; init; }
}

/// <summary>Reads how the groups stand. Writes nothing.</summary>
internal sealed class CountStatusReader(NpgsqlDataSource dataSource, IClock clock)
{
    private const string Read = $"""
        /* tally:counts.status */
        SELECT aggregations.namespace_id AS "group", aggregations.enabled, @month AS month,
            {RunStates.Sql} AS state,
            runs.metric, runs.namespace_id, runs.partial_namespace_id, runs.last_count,
            CASE
                WHEN runs.finished_at IS NOT NULL THEN 100
                ELSE least(99.9, coalesce(round(100.0 * runs.rows_counted / nullif(expected.rows, 0), 1), 0))
            END::numeric AS percent,
            coalesce(runs.rows_counted, 0) AS rows,
            runs.lease_owner, runs.lease_until, coalesce(runs.attempts, 0) AS attempts, runs.last_error,
            runs.started_at, runs.finished_at, aggregations.last_run_at
        FROM value_stream.value_stream_dashboard_aggregations aggregations
        LEFT JOIN value_stream.value_stream_dashboard_runs runs
            ON runs.top_level_namespace_id = aggregations.namespace_id AND runs.period_month = @month
        LEFT JOIN (
            SELECT traversal_ids[1] AS top_level_namespace_id, 3 * count(*) AS rows
            FROM value_stream.namespaces
            WHERE type = 'Group' OR (type = 'Project' AND EXISTS (SELECT FROM value_stream.projects WHERE project_namespace_id = namespaces.id))
            GROUP BY traversal_ids[1]
        ) expected ON expected.top_level_namespace_id = aggregations.namespace_id
        ORDER BY aggregations.namespace_id
        """;

    /// <summary>Every group that takes part or once did, by id.</summary>
    /// <param name="month">The first day of the month to look at; null for the current one (UTC).</param>
    public async Task<IReadOnlyList<GroupStatus>> ReadAsync(LocalDate? month = null, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var parameters = new { month = month ?? clock.CurrentMonth() };
        return [.. await connection.QueryAsync<GroupStatus>(new CommandDefinition(Read, parameters, cancellationToken: cancellationToken))];
    }
}
