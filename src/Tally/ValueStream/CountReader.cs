using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.ValueStream;

/// <summary>The value of one metric for one namespace, and how far it can be trusted.</summary>
internal sealed record CountAnswer
{
    /// <summary>The newest values of all namespaces that it takes, summed; null when none has one in the range.</summary>
    public required long? Count { get; init; }

    /// <summary>When the newest of them was counted.</summary>
    public required Instant? RecordedAt { get; init; }

    /// <summary>How many namespaces have a value in the range.</summary>
    public required long Counted { get; init; }

    /// <summary>How many should have one.</summary>
    public required long Expected { get; init; }

    /// <summary>The month of the newest value.</summary>
    public required LocalDate? Month { get; init; }

    /// <summary>How that month's run of the top-level group stands; null when there is no run.</summary>
    public required RunState? RunState { get; init; }

    /// <summary>The tree is whole, every namespace has a value, all of one month, and that month's run, if there is one, has finished.</summary>
    public required bool Complete { get; init; }

    /// <summary>Whether there is something to count, and whether all of it is there.</summary>
    public required TreeState Tree { get; init; }

    /// <summary>The first namespace, by id, that a <see cref="TreeState.Broken"/> tree names and that is not there.</summary>
    public required long? MissingNamespaceId { get; init; }
}

/// <summary>What a report finds of the tree that it is about.</summary>
internal enum TreeState
{
    /// <summary>It has namespaces to count, and every namespace that it names is there.</summary>
    Whole,

    /// <summary>It has no namespace that the metric is counted for.</summary>
    Empty,

    /// <summary>It names a namespace that is not there: as a parent, or as that of a project. It has to be loaded.</summary>
    Broken,
}

/// <summary>Reads counts. Writes nothing.</summary>
internal sealed class CountReader(NpgsqlDataSource dataSource)
{
    private const string Find = """
        /* tally:counts.find_namespace */
        SELECT type, traversal_ids[1] AS top_level_namespace_id FROM value_stream.namespaces WHERE id = @namespace_id
        """;

    private const string Itself = "SELECT @namespace_id AS id";

    private const string Project = "SELECT project_namespace_id AS id FROM value_stream.projects WHERE project_namespace_id = @namespace_id";

    private const string GroupsOfTree = """
        SELECT id FROM value_stream.namespaces
            WHERE traversal_ids[1] = @top_level_namespace_id AND type = 'Group' AND traversal_ids @> ARRAY[@namespace_id]
        """;

    private const string ProjectsOfTree = """
        SELECT id FROM value_stream.namespaces
            WHERE traversal_ids[1] = @top_level_namespace_id AND type = 'Project' AND traversal_ids @> ARRAY[@namespace_id]
              AND EXISTS (SELECT FROM value_stream.projects WHERE projects.project_namespace_id = namespaces.id)
        """;

    // A project whose own namespace is not there is in no path, so its group is asked for it.
    private const string ProjectsOutside = """
        SELECT projects.project_namespace_id AS id
            FROM value_stream.namespaces groups JOIN value_stream.projects ON projects.namespace_id = groups.id
            WHERE groups.traversal_ids[1] = @top_level_namespace_id AND groups.type = 'Group' AND groups.traversal_ids @> ARRAY[@namespace_id]
              AND NOT EXISTS (SELECT FROM value_stream.namespaces WHERE namespaces.id = projects.project_namespace_id)
        """;

    private const string NothingOutside = "SELECT NULL::bigint AS id WHERE false";

    /// <summary>The answer for <paramref name="metric"/> of a group, with its tree, or of a project namespace.</summary>
    /// <param name="namespaceId">A group or a project namespace.</param>
    /// <param name="metric">For a project namespace: one that is counted for projects.</param>
    /// <param name="from">The first day (UTC) on which a value may have been counted.</param>
    /// <param name="to">The last such day, included.</param>
    /// <exception cref="ValueStreamException">The range is reversed, or the namespace has no such metric.</exception>
    public async Task<CountAnswer> ReadAsync(
        long namespaceId, CountMetric metric, LocalDate from, LocalDate to, CancellationToken cancellationToken = default)
    {
        if (from > to) throw new ValueStreamException($"The range ends before it begins: {from:uuuu-MM-dd} to {to:uuuu-MM-dd}.");
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var found = await connection.QuerySingleOrDefaultAsync<FoundNamespace>(
            new CommandDefinition(Find, new { namespace_id = namespaceId }, cancellationToken: cancellationToken));
        var parameters = new
        {
            namespace_id = namespaceId,
            top_level_namespace_id = found?.TopLevelNamespaceId,
            metric = metric.Number,
            from = from.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant(),
            to = to.PlusDays(1).AtStartOfDayInZone(DateTimeZone.Utc).ToInstant(),
            // A run that crosses midnight records values of its month on the next month's first day. Bounds let partitions be skipped.
            first_month = from.With(DateAdjusters.StartOfMonth).PlusMonths(-1),
            last_month = to.With(DateAdjusters.StartOfMonth),
        };
        return await connection.QuerySingleAsync<CountAnswer>(
            new CommandDefinition(Sum(Members(namespaceId, found, metric), found is { Type: "Group" } && metric.Kind == NamespaceKind.Project ? ProjectsOutside : NothingOutside), parameters, cancellationToken: cancellationToken));
    }

    private static string Members(long namespaceId, FoundNamespace? found, CountMetric metric) => (found?.Type, metric) switch
    {
        (null, _) => throw new ValueStreamException($"There is no namespace {namespaceId}."),
        ("Group", { SumsOverTree: false }) => Itself,
        ("Group", { Kind: NamespaceKind.Group }) => GroupsOfTree,
        ("Group", _) => ProjectsOfTree,
        ("Project", { Kind: NamespaceKind.Project }) => Project,
        ("Project", _) => throw new ValueStreamException($"Namespace {namespaceId} is a project, and {metric.Name} is counted for groups. Ask for one of: {string.Join(", ", CountMetric.All.Where(other => other.Kind == NamespaceKind.Project).Select(other => other.Name))}."),
        _ => throw new ValueStreamException($"Namespace {namespaceId} is personal; only groups and projects are counted."),
    };

    private static string Sum(string members, string outside) => $"""
        /* tally:counts.report */
        WITH members AS (
            {members}
        ), missing AS (
            SELECT min(id) AS id
            FROM (
                {outside}
                UNION ALL
                SELECT parent_id FROM value_stream.namespaces WHERE id = @top_level_namespace_id
            ) named
        ), newest AS (
            SELECT newest.*
            FROM members CROSS JOIN LATERAL (
                SELECT count, recorded_at, period_month
                FROM value_stream.value_stream_dashboard_counts
                WHERE namespace_id = members.id AND metric = @metric
                  AND period_month >= @first_month AND period_month <= @last_month
                  AND recorded_at >= @from AND recorded_at < @to
                ORDER BY recorded_at DESC, period_month DESC
                LIMIT 1
            ) newest
        ), total AS (
            SELECT sum(count)::bigint AS count, max(recorded_at) AS recorded_at, count(*) AS counted,
                (SELECT count(*) FROM members) AS expected, min(period_month) AS first_month, max(period_month) AS month
            FROM newest
        )
        SELECT total.count, total.recorded_at, total.counted, total.expected, total.month,
            {RunStates.Sql} AS run_state,
            (total.counted = total.expected AND total.first_month = total.month AND missing.id IS NULL
                AND (runs.period_month IS NULL OR runs.finished_at IS NOT NULL)) IS TRUE AS complete,
            CASE WHEN missing.id IS NOT NULL THEN 'Broken' WHEN total.expected = 0 THEN 'Empty' ELSE 'Whole' END AS tree,
            missing.id AS missing_namespace_id
        FROM total CROSS JOIN missing
        LEFT JOIN value_stream.value_stream_dashboard_runs runs
            ON runs.top_level_namespace_id = @top_level_namespace_id AND runs.period_month = total.month
        """;

    private sealed record FoundNamespace(string Type, long TopLevelNamespaceId);
}
