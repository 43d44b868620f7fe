using Shouldly;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.ValueStream;

public sealed class CountingTests(TestDatabase database) : ValueStreamTest(database)
{
    [Fact]
    public async Task Unlimited_time_counts_every_namespace_once_zeros_included()
    {
        await ExecuteAsync(FixtureF);

        var result = await RunAsync();

        result.ShouldBe(new(RunOutcome.Completed, GroupsCompleted: 2, GroupsFailing: 0, Rows: 27));
        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
        (await QueryAsync<bool>("SELECT last_run_at IS NOT NULL FROM value_stream.value_stream_dashboard_aggregations")).ShouldBe([true, true]);
    }

    [Fact]
    public async Task The_smallest_pages_and_batches_find_the_same()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1, pageSize: 1);

        await RunAsync();

        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    [Fact]
    public async Task A_fork_counts_at_its_target_an_archived_project_counts_an_epic_does_not()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("""
            INSERT INTO value_stream.merge_requests (target_project_id, source_project_id, iid) VALUES (104, 101, 3);
            UPDATE value_stream.projects SET archived = true, pending_delete = true, hidden = true WHERE id = 104;
            INSERT INTO value_stream.issues (project_id, namespace_id, iid) VALUES (NULL, 1, 1), (NULL, 1, 2);
            """);

        await RunAsync();

        var counts = await CountsAsync();
        counts[(14, 4)].ShouldBe(3);
        counts[(11, 4)].ShouldBe(0);
        counts[(14, 2)].ShouldBe(1);
        counts.Where(count => count.Key.Item2 == 2).Sum(count => count.Value).ShouldBe(5 + 1 + 3);
        counts.Count.ShouldBe(27);
    }

    [Fact]
    public async Task A_project_namespace_without_a_project_gets_no_row()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES (15, 'Project', 1), (16, 'User', 1)");

        await RunAsync();

        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    [Fact]
    public async Task Rows_carry_the_project_namespace_not_the_project()
    {
        await ExecuteAsync(FixtureF);

        await RunAsync();

        (await CountsAsync()).Keys.Select(key => key.Item1).Distinct().Order().ShouldBe([1L, 2, 3, 11, 12, 13, 14, 900, 910]);
    }

    [Fact]
    public async Task Members_count_as_rows_of_group_members_invitations_and_requests_apart()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("""
            INSERT INTO value_stream.members (source_id, user_id, state, expires_at) VALUES (3, 7, 1, '2020-01-01'), (3, 7, 0, NULL);
            INSERT INTO value_stream.members (source_id, user_id, source_type, type) VALUES (3, 8, 'Project', 'ProjectMember');
            """);

        await RunAsync();

        (await CountsAsync())[(3, 6)].ShouldBe(2);
    }

    [Fact]
    public async Task A_complete_run_writes_three_rows_per_group_and_three_per_project()
    {
        await ExecuteAsync(FixtureF);

        await RunAsync();

        (await RunOfAsync(1)).RowsCounted.ShouldBe((3 * 3) + (3 * 4));
        (await RunOfAsync(900)).RowsCounted.ShouldBe(6);
    }
}
