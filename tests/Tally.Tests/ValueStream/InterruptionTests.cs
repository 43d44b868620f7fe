using Shouldly;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.ValueStream;

/// <summary>
/// The time box closes after k checks, batches hold two rows. Where each run stops differs from a loop over single namespaces;
/// what is counted in the end does not.
/// </summary>
public sealed class InterruptionTests(TestDatabase database) : ValueStreamTest(database)
{
    [Fact]
    public async Task An_empty_box_still_commits_one_page()
    {
        await StartAsync();

        var result = await RunAsync(checks: 0);

        result.ShouldBe(new(RunOutcome.TimeUp, 0, 0, Rows: 1));
        var run = await RunOfAsync(1);
        (run.Metric, run.NamespaceId).ShouldBe(((short)1, 1L));
        run.LeaseOwner.ShouldBeNull();
        run.FinishedAt.ShouldBeNull();
    }

    [Theory]
    [InlineData(1, 1, 2L, null, null, null)]
    [InlineData(2, 1, 3L, null, null, null)]
    [InlineData(3, 2, null, 11L, 4L, 4L)]
    [InlineData(4, 2, 11L, null, null, null)]
    public async Task The_position_is_where_the_box_closed(int checks, int metric, long? namespaceId, long? partial, long? count, long? value)
    {
        await StartAsync();

        await RunAsync(checks);

        var run = await RunOfAsync(1);
        (run.Metric, run.NamespaceId).ShouldBe(((short)metric, namespaceId));
        (run.PartialNamespaceId, run.LastCount, run.LastValue).ShouldBe((partial, count, value));
    }

    [Fact]
    public async Task An_exact_multiple_of_the_batch_is_counted_whole()
    {
        await StartAsync();

        await RunAsync(checks: 1);

        // Group 2 holds two projects: exactly one batch.
        (await CountsAsync())[(2, 1)].ShouldBe(2);
    }

    [Fact]
    public async Task A_namespace_interrupted_in_its_middle_is_stored_once_and_whole()
    {
        await StartAsync();
        await RunAsync(checks: 3);
        (await RunOfAsync(1)).PartialNamespaceId.ShouldBe(11);
        (await CountsAsync()).Keys.ShouldNotContain((11L, (short)2));

        await RunUntilDoneAsync(checks: 0);

        (await CountsAsync())[(11, 2)].ShouldBe(5);
        (await RunOfAsync(1)).PartialNamespaceId.ShouldBeNull();
    }

    [Fact]
    public async Task Time_up_exactly_at_the_end_of_a_group_leaves_the_next_untouched()
    {
        await StartAsync();
        var finished = 0;
        // Turns are long enough for a whole group.
        Options.TurnPages = 1_000;
        await RunAsync(new RuntimeLimiter(() =>
        {
            finished = QueryAsync<int>("SELECT count(*) FROM value_stream.value_stream_dashboard_runs WHERE finished_at IS NOT NULL").Result[0];
            return finished == 1;
        }));

        (await CountsAsync()).ShouldBe(CountsOfF.Where(count => count.Key.Item1 < 900), ignoreOrder: true);
        (await RunOfAsync(900)).StartedAt.ShouldBeNull();
        (await QueryAsync<long>("SELECT namespace_id FROM value_stream.value_stream_dashboard_aggregations WHERE last_run_at IS NOT NULL")).ShouldBe([1L]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(27)]
    public async Task Any_k_repeated_until_done_finds_the_same_27_rows(int checks)
    {
        await StartAsync();

        var runs = await RunUntilDoneAsync(checks);

        runs.ShouldBeGreaterThan(1);
        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
        (await QueryAsync<int>("SELECT count(*) FROM value_stream.value_stream_dashboard_runs WHERE finished_at IS NOT NULL")).ShouldBe([2]);
    }

    [Fact]
    public async Task A_saved_position_is_resumed_and_no_earlier_metric_counted_again()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1);
        await ExecuteAsync("""
            INSERT INTO value_stream.value_stream_dashboard_runs (top_level_namespace_id, period_month, metric, partial_namespace_id, last_count, last_value)
            VALUES (1, '2024-05-01', 2, 11, 1, 1)
            """);

        await RunAsync();

        var counts = await CountsAsync();
        counts[(11, 2)].ShouldBe(5);
        counts.Keys.ShouldNotContain(key => key.Item1 < 900 && key.Item2 == 1);
    }

    [Fact]
    public async Task Time_up_at_the_first_check_is_no_failure()
    {
        await StartAsync();
        await RunAsync(checks: 0);

        (await RunAsync(checks: 0)).Outcome.ShouldBe(RunOutcome.TimeUp);

        var run = await RunOfAsync(1);
        (run.Attempts, run.LastError, run.FailedAt).ShouldBe((0, null, null));
        (await QueryAsync<bool>("SELECT bool_and(last_run_at IS NULL) FROM value_stream.value_stream_dashboard_aggregations")).ShouldBe([true]);
    }

    [Theory]
    [InlineData("INSERT INTO value_stream.issues (project_id, iid) VALUES (101, 6)", 6)]
    [InlineData("DELETE FROM value_stream.issues WHERE project_id = 101 AND iid = 1", 5)]
    public async Task Rows_behind_a_partial_count_are_seen_and_rows_before_it_are_not_taken_back(string change, int expected)
    {
        await StartAsync();
        await RunAsync(checks: 3);

        await ExecuteAsync(change);
        await RunUntilDoneAsync(checks: 1);

        (await CountsAsync())[(11, 2)].ShouldBe(expected);
    }

    [Fact]
    public async Task Cancellation_ends_the_run_at_once_keeps_what_is_committed_and_returns_the_lease()
    {
        await StartAsync();
        using var cancellation = new CancellationTokenSource();
        var checks = 0;
        var limiter = new RuntimeLimiter(() =>
        {
            if (++checks == 5) cancellation.Cancel();
            return false;
        });

        await Should.ThrowAsync<OperationCanceledException>(RunAsync(limiter, cancellation.Token));

        checks.ShouldBe(5);
        (await RunOfAsync(1)).LeaseOwner.ShouldBeNull();
        await RunUntilDoneAsync(checks: 3);
        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    private async Task StartAsync()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(2);
        // One group after the other, so that positions can be foretold.
        Options.TurnPages = 1_000;
    }
}
