using Dapper;
using Npgsql;

namespace Tally.Benchmarks.ValueStream;

/// <summary>
/// How much there is to count: projects spread evenly over groups, ten created in a row, with a skewed number of issues each,
/// and one giant project.
/// </summary>
internal sealed record CountsData(int Groups, int Projects, int Issues, int GiantIssues)
{
    // Ids of groups begin at 1, of projects at 1,000,001, of project namespaces at 2,000,001.
    private const string Tree = """
        TRUNCATE value_stream.namespaces, value_stream.projects, value_stream.issues, value_stream.value_stream_dashboard_counts CASCADE;
        INSERT INTO value_stream.namespaces (id, type, traversal_ids)
        SELECT id, 'Group', ARRAY[id] FROM generate_series(1, @groups::bigint) id;
        INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id)
        SELECT 1000000 + n, 1 + n / 10 % @groups, 2000000 + n FROM generate_series(1, @projects) n;
        INSERT INTO value_stream.namespaces (id, type, parent_id, traversal_ids)
        SELECT project_namespace_id, 'Project', namespace_id, ARRAY[namespace_id, project_namespace_id] FROM value_stream.projects;
        INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) SELECT id FROM generate_series(1, @groups) id;
        """;

    // A tenth of the projects has most of the issues: a weight of 1/rank over a fixed shuffle.
    private const string IssuesOf = """
        INSERT INTO value_stream.issues (project_id, namespace_id, iid)
        SELECT sizes.project_id, sizes.namespace_id, iid
        FROM (
            SELECT id AS project_id, project_namespace_id AS namespace_id,
                CASE WHEN id = 1000001 THEN @giant_issues
                     ELSE round((@issues - @giant_issues) * weight / sum(weight) FILTER (WHERE id <> 1000001) OVER ())::int END AS size
            FROM (SELECT *, 1.0 / (20 + (id * 7919) % @projects) AS weight FROM value_stream.projects) weighted
        ) sizes
        CROSS JOIN LATERAL generate_series(1, sizes.size) iid;
        """;

    public async Task LoadAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var parameters = new { groups = Groups, projects = Projects, issues = Issues, giant_issues = GiantIssues };
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(Tree, parameters, commandTimeout: 0, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition(IssuesOf, parameters, commandTimeout: 0, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition("VACUUM ANALYZE", commandTimeout: 0, cancellationToken: cancellationToken));
    }

    /// <summary>Forgets every count and run, so that the next run counts all again.</summary>
    public static async Task ForgetCountsAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "TRUNCATE value_stream.value_stream_dashboard_counts, value_stream.value_stream_dashboard_runs", cancellationToken: cancellationToken));
    }
}
