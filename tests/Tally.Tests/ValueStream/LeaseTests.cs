using Shouldly;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.ValueStream;

public sealed class LeaseTests(TestDatabase database) : ValueStreamTest(database)
{
    [Fact]
    public async Task A_second_worker_takes_the_second_group_while_the_first_has_the_first()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1);
        using var first = new PausedWorker(this, atCheck: 3);
        await first.Paused;

        var second = await RunAsync();

        second.ShouldBe(new(RunOutcome.LeaseHeldElsewhere, GroupsCompleted: 1, GroupsFailing: 0, Rows: 6));
        (await CountsAsync()).Keys.Count(key => key.Item1 >= 900).ShouldBe(6);
        (await first.ResumeAsync()).ShouldBe(new(RunOutcome.Completed, GroupsCompleted: 1, GroupsFailing: 0, Rows: 21));
        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
        (await FencesAsync()).ShouldBe([1L, 1]);
    }

    [Fact]
    public async Task Workers_started_together_share_the_groups_and_count_each_once()
    {
        await ExecuteAsync("""
            INSERT INTO value_stream.namespaces (id, type) SELECT id, 'Group' FROM generate_series(1, 40) id;
            INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) SELECT generate_series(1, 40);
            """);

        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => RunAsync())));

        results.Sum(result => result.GroupsCompleted).ShouldBe(40);
        results.Sum(result => result.Rows).ShouldBe(3 * 40);
        (await FencesAsync()).ShouldAllBe(fence => fence == 1);
    }

    [Fact]
    public async Task A_paused_holder_that_lost_its_lease_cannot_commit()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1);
        using var paused = new PausedWorker(this, atCheck: 4);
        await paused.Paused;
        await ExecuteAsync("UPDATE value_stream.value_stream_dashboard_runs SET lease_until = '-infinity' WHERE top_level_namespace_id = 1");
        Clock.AdvanceMinutes(1);
        (await RunAsync()).ShouldBe(new(RunOutcome.Completed, GroupsCompleted: 2, GroupsFailing: 0, Rows: 27 - 3));
        var finished = await QueryAsync<string>("SELECT row(runs.*)::text FROM value_stream.value_stream_dashboard_runs runs ORDER BY 1");
        var counted = await QueryAsync<string>("SELECT row(counts.*)::text FROM value_stream.value_stream_dashboard_counts counts ORDER BY 1");
        Clock.AdvanceMinutes(1);

        (await paused.ResumeAsync()).ShouldBe(new(RunOutcome.Completed, GroupsCompleted: 0, GroupsFailing: 0, Rows: 3));

        (await QueryAsync<string>("SELECT row(runs.*)::text FROM value_stream.value_stream_dashboard_runs runs ORDER BY 1")).ShouldBe(finished);
        (await QueryAsync<string>("SELECT row(counts.*)::text FROM value_stream.value_stream_dashboard_counts counts ORDER BY 1")).ShouldBe(counted);
        (await FencesAsync()).ShouldBe([2L, 1]);
    }

    [Fact]
    public async Task A_holder_whose_lease_ran_out_unnoticed_may_go_on()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1);
        using var paused = new PausedWorker(this, atCheck: 4);
        await paused.Paused;
        await ExecuteAsync("UPDATE value_stream.value_stream_dashboard_runs SET lease_until = '-infinity' WHERE top_level_namespace_id = 1");

        (await paused.ResumeAsync()).GroupsCompleted.ShouldBe(2);

        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    [Fact]
    public async Task A_run_that_is_reset_under_way_is_counted_again_by_nobody_but_its_new_holder()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1);
        using var paused = new PausedWorker(this, atCheck: 6);
        await paused.Paused;
        await ExecuteAsync("DELETE FROM value_stream.value_stream_dashboard_runs WHERE top_level_namespace_id = 1");
        (await RunAsync()).GroupsCompleted.ShouldBe(2);

        (await paused.ResumeAsync()).GroupsCompleted.ShouldBe(0);

        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    private Task<IReadOnlyList<long>> FencesAsync() =>
        QueryAsync<long>("SELECT fence FROM value_stream.value_stream_dashboard_runs ORDER BY top_level_namespace_id");

    /// <summary>A worker that stops between two pages, right after a commit, and holds its lease until it is resumed.</summary>
    private sealed class PausedWorker : IDisposable
    {
        private readonly TaskCompletionSource _paused = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _resumed = new();
        private readonly Task<Tally.ValueStream.CountResult> _run;

        public PausedWorker(LeaseTests test, int atCheck)
        {
            var checks = 0;
            var limiter = new RuntimeLimiter(() =>
            {
                if (++checks == atCheck)
                {
                    _paused.SetResult();
                    _resumed.Wait();
                }

                return false;
            });
            _run = Task.Run(() => test.RunAsync(limiter));
        }

        public Task Paused => _paused.Task;

        public Task<Tally.ValueStream.CountResult> ResumeAsync()
        {
            _resumed.Set();
            return _run;
        }

        public void Dispose()
        {
            _resumed.Set();
            _run.Wait();
            _resumed.Dispose();
        }
    }
}
