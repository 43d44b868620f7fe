using Shouldly;
using Tally.Tests.Infrastructure;
using Tally.ValueStream;
using Xunit;

namespace Tally.Tests.ValueStream;

/// <summary>One namespace counted in batches: the pages of <see cref="GroupCounter"/>, nothing saved.</summary>
public sealed class BatchTests(TestDatabase database) : ValueStreamTest(database)
{
    [Fact]
    public async Task A_namespace_below_the_cap_takes_one_page()
    {
        var checkpoints = await CountAsync(issues: 5, batchSize: 5_000);

        checkpoints.Single().Found.Single().Count.ShouldBe(5);
    }

    [Fact]
    public async Task Five_rows_by_two_are_two_checkpoints_and_a_whole()
    {
        var checkpoints = await CountAsync(issues: 5, batchSize: 2);

        checkpoints.Select(checkpoint => checkpoint.Next?.Partial).ShouldBe([new(11, 4, 4), null]);
        checkpoints[^1].Found.Single().Count.ShouldBe(5);
    }

    [Fact]
    public async Task A_stop_after_three_of_five_goes_on_behind_the_third()
    {
        var stopped = (await CountAsync(issues: 5, batchSize: 1)).Select(checkpoint => checkpoint.Next!.Partial).First(partial => partial!.LastCount == 3);
        stopped.ShouldBe(new(11, 3, 3));

        var resumed = await CountAsync(issues: 5, batchSize: 1, from: stopped);

        resumed[0].Next!.Partial.ShouldBe(new(11, 4, 4));
        resumed[^1].Found.Single().Count.ShouldBe(5);
    }

    [Fact]
    public async Task No_rows_are_zero()
    {
        var checkpoints = await CountAsync(issues: 0, batchSize: 2);

        checkpoints.Single().Found.Single().Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_stop_on_the_last_full_batch_adds_nothing_when_resumed()
    {
        var stopped = (await CountAsync(issues: 4, batchSize: 2))[0].Next!.Partial;
        stopped.ShouldBe(new(11, 4, 4));

        var resumed = await CountAsync(issues: 4, batchSize: 2, from: stopped);

        resumed.Single().Found.Single().Count.ShouldBe(4);
    }

    [Fact]
    public async Task Keys_may_have_gaps()
    {
        await ExecuteAsync("INSERT INTO value_stream.issues (project_id, iid) SELECT 101, n * n FROM generate_series(10, 16) n");

        (await CountAsync(issues: 5, batchSize: 3))[^1].Found.Single().Count.ShouldBe(12);
    }

    [Fact]
    public async Task Small_namespaces_before_a_large_one_are_saved_with_its_first_batch()
    {
        await ExecuteAsync("""
            INSERT INTO value_stream.namespaces (id, type, parent_id, traversal_ids) VALUES (9, 'Project', 1, '{1,9}'), (12, 'Project', 1, '{1,12}');
            INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) VALUES (99, 1, 9), (102, 1, 12);
            """);

        var checkpoints = await CountAsync(issues: 7, batchSize: 3, pageSize: 10);

        checkpoints.Select(checkpoint => string.Join(' ', checkpoint.Found.Select(found => $"{found.NamespaceId}:{found.Count}")))
            .ShouldBe(["9:0", "11:7 12:0"]);
        checkpoints[0].Next.ShouldBe(new(2, 9, new(11, 6, 6)));
    }

    private async Task<IReadOnlyList<Checkpoint>> CountAsync(int issues, int batchSize, Partial? from = null, int pageSize = 2)
    {
        await ExecuteAsync($"""
            INSERT INTO value_stream.namespaces (id, type, parent_id, traversal_ids) VALUES (1, 'Group', NULL, NULL), (11, 'Project', 1, NULL) ON CONFLICT DO NOTHING;
            INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) VALUES (101, 1, 11) ON CONFLICT DO NOTHING;
            INSERT INTO value_stream.issues (project_id, iid) SELECT 101, iid FROM generate_series(1, {issues}) iid ON CONFLICT DO NOTHING;
            """);
        UseBatchSize(batchSize, pageSize);
        var run = new CountRun
        {
            TopLevelNamespaceId = 1,
            PeriodMonth = new(2024, 5, 1),
            Metric = 2,
            NamespaceId = null,
            PartialNamespaceId = from?.NamespaceId,
            LastCount = from?.LastCount,
            LastValue = from?.LastValue,
            Shrink = 0,
            Attempts = 0,
            LeaseOwner = "test",
            Fence = 1,
        };
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        return await new GroupCounter(run, connection, Options, [CountMetric.Issues]).CountAsync(CancellationToken.None).ToListAsync();
    }
}
