using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Npgsql;
using Shouldly;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.ValueStream;

/// <summary>Whatever the tree, the sizes and the interruptions: the rows are those that the tree says.</summary>
public sealed class AnyInterruptionTests(TestDatabase database) : ValueStreamTest(database)
{
    private const int GroupIds = 1_000;

    /// <summary>How a run ends before its time: by its box, by the worker's death, or by its connection's.</summary>
    private enum Interruption
    {
        TimeUp,
        Death,
        Disconnection,
    }

    private sealed record Project(int Group, int Issues, int MergeRequests, int Pipelines);

    /// <param name="Parents">For each group, the index of an earlier one, or itself for a top-level group.</param>
    private sealed record Scenario(
        int[] Parents, int[] Members, Project[] Projects, int PageSize, int Cap, int BatchSize, int TurnPages, (Interruption How, int Checks)[] Interruptions)
    {
        public override string ToString() =>
            $"groups [{string.Join(' ', Parents)}] members [{string.Join(' ', Members)}] projects [{string.Join(' ', Projects.Select(project => project))}] page {PageSize} cap {Cap} batch {BatchSize} turn {TurnPages} interruptions [{string.Join(' ', Interruptions)}]";
    }

    private static Gen<Scenario> Scenarios =>
        from groups in Gen.Choose(1, 8)
        from parents in Gen.Choose(0, 100).ArrayOf(groups)
        from members in Gen.Choose(0, 4).ArrayOf(groups)
        from projects in (
            from owner in Gen.Choose(0, groups - 1)
            from issues in Gen.Choose(0, 9)
            from mergeRequests in Gen.Choose(0, 3)
            from pipelines in Gen.Choose(0, 3)
            select new Project(owner, issues, mergeRequests, pipelines)).ArrayOf()
        from pageSize in Gen.Choose(1, 6)
        from cap in Gen.Choose(1, 6)
        from batchSize in Gen.Choose(1, 6)
        from turnPages in Gen.Choose(1, 6)
        from interruptions in (
            from how in Gen.Elements(Interruption.TimeUp, Interruption.Death, Interruption.Disconnection)
            from checks in Gen.Choose(0, 9)
            select (how, checks)).ArrayOf()
        select new Scenario([.. parents.Select((parent, index) => parent % (index + 1))], members, projects, pageSize, cap, batchSize, turnPages, interruptions);

    [Fact]
    public void The_rows_are_those_of_an_uninterrupted_run() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(40),
        Prop.ForAll(Scenarios.ToArbitrary(), scenario => CountAsync(scenario).GetAwaiter().GetResult()));

    private async Task CountAsync(Scenario scenario)
    {
        await InitializeAsync();
        await LoadAsync(scenario);
        (Options.NamespacePageSize, Options.CountCap, Options.CountBatchSize, Options.TurnPages) =
            (scenario.PageSize, scenario.Cap, scenario.BatchSize, scenario.TurnPages);

        foreach (var (how, checks) in scenario.Interruptions)
        {
            await InterruptAsync(how, checks);
            await ExecuteAsync("UPDATE value_stream.value_stream_dashboard_runs SET lease_until = '-infinity' WHERE lease_until IS NOT NULL");
        }

        await RunUntilDoneAsync(checks: 10_000);

        (await CountsAsync()).ShouldBe(Expected(scenario), ignoreOrder: true);
        (await QueryAsync<bool>("SELECT coalesce(bool_and(finished_at IS NOT NULL), true) FROM value_stream.value_stream_dashboard_runs")).ShouldBe([true]);
    }

    private async Task InterruptAsync(Interruption how, int checks)
    {
        var asked = 0;
        try
        {
            await RunAsync(new RuntimeLimiter(() => asked++ == checks && how switch
            {
                Interruption.TimeUp => true,
                Interruption.Death => throw new InvalidOperationException("The worker dies here."),
                _ => Disconnect(),
            }));
        }
        catch (Exception exception) when (exception is InvalidOperationException or NpgsqlException)
        {
            how.ShouldNotBe(Interruption.TimeUp);
        }
    }

    private bool Disconnect()
    {
        ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").GetAwaiter().GetResult();
        return false;
    }

    private async Task LoadAsync(Scenario scenario)
    {
        var sql = new StringBuilder();
        foreach (var (group, parent) in scenario.Parents.Index())
        {
            var parentId = parent == group ? "NULL" : $"{Id(parent)}";
            sql.Append(CultureInfo.InvariantCulture, $"""
                INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES ({Id(group)}, 'Group', {parentId});
                INSERT INTO value_stream.members (source_id) SELECT {Id(group)} FROM generate_series(1, {scenario.Members[group]});
                INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) SELECT {Id(group)} WHERE {parentId} IS NULL;
                """);
        }

        foreach (var (index, project) in scenario.Projects.Index())
        {
            sql.Append(CultureInfo.InvariantCulture, $"""
                INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES ({ProjectNamespace(index, project)}, 'Project', {Id(project.Group)});
                INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) VALUES ({index}, {Id(project.Group)}, {ProjectNamespace(index, project)});
                INSERT INTO value_stream.issues (project_id, iid) SELECT {index}, 2 * n FROM generate_series(1, {project.Issues}) n;
                INSERT INTO value_stream.merge_requests (target_project_id, iid) SELECT {index}, n FROM generate_series(1, {project.MergeRequests}) n;
                INSERT INTO value_stream.pipelines (project_id, id) SELECT {index}, n FROM generate_series(1, {project.Pipelines}) n;
                """);
        }

        await ExecuteAsync(sql.ToString());
    }

    private static Dictionary<(long, short), long> Expected(Scenario scenario)
    {
        var expected = new Dictionary<(long, short), long>();
        foreach (var group in Enumerable.Range(0, scenario.Parents.Length))
        {
            expected[(Id(group), 1)] = scenario.Projects.Count(project => project.Group == group);
            expected[(Id(group), 3)] = scenario.Parents.Index().Count(child => child.Item == group && child.Index != group);
            expected[(Id(group), 6)] = scenario.Members[group];
        }

        foreach (var (index, project) in scenario.Projects.Index())
        {
            expected[(ProjectNamespace(index, project), 2)] = project.Issues;
            expected[(ProjectNamespace(index, project), 4)] = project.MergeRequests;
            expected[(ProjectNamespace(index, project), 5)] = project.Pipelines;
        }

        return expected;
    }

    private static long Id(int group) => (group + 1) * GroupIds;

    // Between the groups' ids, so that neither kind lies in one range.
    private static long ProjectNamespace(int index, Project project) => Id(project.Group) + 1 + index;
}
