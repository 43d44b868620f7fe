using Dapper;
using Npgsql;

namespace Tally.Cli.Demo.ValueStream;

/// <summary>
/// Two top-level groups, the second with one giant project: what is counted, the same on every run.
/// </summary>
internal static class GroupTree
{
    public const int Groups = 2;
    public const int SubgroupsEach = 20;
    public const int ProjectsEach = 200;
    public const int GiantIssues = 150_000;

    // Ids: groups 1 and 2, subgroups from 1,000 times the group, projects from 100,000 times the group.
    private const string Sql = """
        INSERT INTO value_stream.namespaces (id, type) SELECT g, 'Group' FROM generate_series(1, @groups) AS g;
        INSERT INTO value_stream.namespaces (id, type, parent_id)
        SELECT g * 1000 + n, 'Group', g FROM generate_series(1, @groups) AS g, generate_series(1, @subgroups_each) AS n;
        INSERT INTO value_stream.namespaces (id, type, parent_id)
        SELECT g * 100000 + n, 'Project', g * 1000 + 1 + n % @subgroups_each FROM generate_series(1, @groups) AS g, generate_series(1, @projects_each) AS n;
        INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id)
        SELECT id, parent_id, id FROM value_stream.namespaces WHERE type = 'Project';
        INSERT INTO value_stream.issues (project_id, iid)
        SELECT id, iid FROM value_stream.projects, generate_series(1, CASE WHEN id = 200001 THEN @giant_issues ELSE 40 + id % 20 END) AS iid;
        INSERT INTO value_stream.merge_requests (target_project_id, iid)
        SELECT id, iid FROM value_stream.projects, generate_series(1, id % 15) AS iid;
        INSERT INTO value_stream.pipelines (project_id) SELECT id FROM value_stream.projects, generate_series(1, id % 7);
        INSERT INTO value_stream.members (source_id, user_id)
        SELECT id, u FROM value_stream.namespaces, generate_series(1, 1 + id % 5) AS u WHERE type = 'Group';
        ANALYZE value_stream.namespaces, value_stream.projects, value_stream.issues, value_stream.merge_requests, value_stream.pipelines, value_stream.members;
        """;

    /// <summary>Rows that a complete month has: three for each group and project.</summary>
    public static int ExpectedRows => 3 * Groups * (1 + SubgroupsEach + ProjectsEach);

    public static async Task LoadAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            Sql, new { groups = Groups, subgroups_each = SubgroupsEach, projects_each = ProjectsEach, giant_issues = GiantIssues }, commandTimeout: 300, cancellationToken: cancellationToken));
    }
}
