using NodaTime;
using Shouldly;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Tally.ValueStream;
using Xunit;

namespace Tally.Tests.ValueStream;

/// <summary>The faults of the original, each with a test that fails if it comes back.</summary>
public sealed class FaultTests(TestDatabase database) : ValueStreamTest(database)
{
    [Theory]
    [InlineData("DELETE FROM value_stream.namespaces WHERE id = 11; DELETE FROM value_stream.projects WHERE id = 101")]
    [InlineData("UPDATE value_stream.namespaces SET parent_id = 900, traversal_ids = '{900,11}' WHERE id = 11")]
    [InlineData("DELETE FROM value_stream.projects WHERE id = 101")]
    public async Task A_partial_count_is_not_inherited_by_the_next_namespace(string change)
    {
        await StartAsync();
        await RunAsync(checks: 4);
        (await RunOfAsync(1)).LastCount.ShouldBe(2);
        await ExecuteAsync("INSERT INTO value_stream.issues (project_id, iid) VALUES (102, 1), (102, 5)");

        await ExecuteAsync(change);
        await RunUntilDoneAsync(checks: 100);

        var counts = await CountsAsync();
        counts[(12, 2)].ShouldBe(2);
        counts[(13, 2)].ShouldBe(0);
        counts[(14, 2)].ShouldBe(1);
    }

    [Fact]
    public async Task A_partial_count_of_another_namespace_starts_from_zero()
    {
        await StartAsync();
        await ExecuteAsync("""
            INSERT INTO value_stream.value_stream_dashboard_runs (top_level_namespace_id, period_month, metric, partial_namespace_id, last_count, last_value)
            VALUES (1, '2024-05-01', 2, 10, 40, 3)
            """);

        await RunAsync();

        (await CountsAsync())[(11, 2)].ShouldBe(5);
    }

    [Fact]
    public async Task The_namespace_in_which_time_was_up_is_not_skipped()
    {
        await StartAsync();

        for (var run = 0; run < 8; run++) await RunAsync(checks: 0);

        (await RunUntilDoneAsync(checks: 0)).ShouldBeGreaterThan(1);
        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    [Fact]
    public async Task Counts_found_before_time_was_up_are_not_lost()
    {
        await StartAsync();

        await RunAsync(checks: 2);

        (await CountsAsync()).ShouldBe(CountsOfF.Where(count => count.Key is (1 or 2, 1)), ignoreOrder: true);
    }

    [Fact]
    public async Task The_position_of_one_group_does_not_leak_into_another()
    {
        await StartAsync();
        await RunAsync(checks: 8);
        (await RunOfAsync(1)).Metric.ShouldBeGreaterThan((short)1);

        await ExecuteAsync("DELETE FROM value_stream.namespaces WHERE id = 1");
        await RunAsync();

        (await CountsAsync()).Where(count => count.Key.Item1 >= 900).ShouldBe(CountsOfF.Where(count => count.Key.Item1 >= 900), ignoreOrder: true);
        (await QueryAsync<long>("SELECT top_level_namespace_id FROM value_stream.value_stream_dashboard_runs")).ShouldBe([900L]);
    }

    [Fact]
    public async Task A_deleted_aggregation_takes_its_position_along()
    {
        await StartAsync();
        await RunAsync(checks: 3);

        await ExecuteAsync("DELETE FROM value_stream.value_stream_dashboard_aggregations WHERE namespace_id = 1");

        (await RunAsync()).GroupsCompleted.ShouldBe(1);
        (await QueryAsync<long>("SELECT top_level_namespace_id FROM value_stream.value_stream_dashboard_runs")).ShouldBe([900L]);
    }

    [Fact]
    public async Task The_metric_of_a_resumed_group_does_not_limit_the_next_group()
    {
        await StartAsync();
        await RunAsync(checks: 12);

        await RunAsync();

        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    [Fact]
    public async Task Disabled_while_counting_stops_and_drops_the_position()
    {
        await StartAsync();
        var checks = 0;

        await RunAsync(new RuntimeLimiter(() =>
        {
            if (++checks == 2) ExecuteAsync("UPDATE value_stream.value_stream_dashboard_aggregations SET enabled = false WHERE namespace_id = 1").Wait();
            return false;
        }));

        (await CountsAsync()).Keys.Where(key => key.Item1 < 900).ShouldBe([(1L, (short)1)]);
        (await QueryAsync<long>("SELECT top_level_namespace_id FROM value_stream.value_stream_dashboard_runs")).ShouldBe([900L]);
    }

    [Fact]
    public async Task Enabled_again_counts_the_month_from_the_start()
    {
        await StartAsync();
        await RunAsync(checks: 4);
        await ExecuteAsync("INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) VALUES (105, 1, 15)");
        await ExecuteAsync("UPDATE value_stream.value_stream_dashboard_aggregations SET enabled = false WHERE namespace_id = 1");
        await ExecuteAsync("UPDATE value_stream.value_stream_dashboard_aggregations SET enabled = true WHERE namespace_id = 1");

        await RunAsync();

        (await CountsAsync())[(1, 1)].ShouldBe(2);
    }

    [Fact]
    public async Task A_namespace_deleted_under_way_disturbs_no_other()
    {
        await StartAsync();
        var checks = 0;

        await RunAsync(new RuntimeLimiter(() =>
        {
            if (++checks == 5) ExecuteAsync("DELETE FROM value_stream.namespaces WHERE id = 13; DELETE FROM value_stream.projects WHERE id = 103").Wait();
            return false;
        }));

        var counts = await CountsAsync();
        counts[(14, 2)].ShouldBe(1);
        counts[(14, 4)].ShouldBe(2);
        counts.Keys.ShouldNotContain((13L, (short)5));
    }

    [Fact]
    public async Task A_namespace_moved_under_way_has_at_most_one_row_per_metric_and_month()
    {
        await StartAsync();
        await RunAsync(checks: 6);

        await ExecuteAsync("UPDATE value_stream.namespaces SET parent_id = 900, traversal_ids = '{900,12}' WHERE id = 12; UPDATE value_stream.projects SET namespace_id = 900 WHERE id = 102");
        await RunUntilDoneAsync(checks: 2);

        (await QueryAsync<int>("SELECT max(times) FROM (SELECT count(*) AS times FROM value_stream.value_stream_dashboard_counts GROUP BY namespace_id, metric, period_month) rows_found")).ShouldBe([1]);
        (await CountsAsync())[(12, 5)].ShouldBe(0);
    }

    [Fact]
    public async Task A_month_that_ends_with_work_left_is_not_continued_in_the_next()
    {
        await StartAsync();
        Clock.Reset(Instant.FromUtc(2023, 1, 31, 12, 0));
        await RunAsync(checks: 8);

        Clock.Reset(Instant.FromUtc(2023, 2, 26, 12, 0));
        await RunAsync();

        (await CountsOfMonthAsync(new LocalDate(2023, 2, 1))).ShouldBe(27);
        (await QueryAsync<int>("SELECT count(*) FROM value_stream.value_stream_dashboard_runs WHERE finished_at IS NULL AND period_month = '2023-01-01'")).ShouldBe([2]);
        (await CountsOfMonthAsync(new LocalDate(2023, 1, 1))).ShouldBeInRange(1, 26);
    }

    [Fact]
    public async Task A_run_that_crosses_midnight_counts_for_the_month_in_which_it_began()
    {
        await StartAsync();
        Clock.Reset(Instant.FromUtc(2024, 5, 31, 23, 59));
        var checks = 0;

        await RunAsync(new RuntimeLimiter(() =>
        {
            if (++checks == 4) Clock.AdvanceMinutes(3);
            return false;
        }));

        (await QueryAsync<LocalDate>("SELECT DISTINCT period_month FROM value_stream.value_stream_dashboard_counts")).ShouldBe([new LocalDate(2024, 5, 1)]);
        (await QueryAsync<Instant>("SELECT max(recorded_at) FROM value_stream.value_stream_dashboard_counts")).ShouldBe([Instant.FromUtc(2024, 6, 1, 0, 2)]);
        (await RunAsync()).GroupsCompleted.ShouldBe(2);
        (await CountsOfMonthAsync(new LocalDate(2024, 6, 1))).ShouldBe(27);
    }

    [Fact]
    public async Task The_first_instant_of_a_month_belongs_to_it_and_the_last_to_the_one_before()
    {
        await ExecuteAsync(FixtureF);
        Clock.Reset(Instant.FromUtc(2024, 6, 1, 0, 0).PlusNanoseconds(-1));
        await RunAsync();
        Clock.Reset(Instant.FromUtc(2024, 6, 1, 0, 0));
        await RunAsync();

        (await CountsOfMonthAsync(new LocalDate(2024, 5, 1))).ShouldBe(27);
        (await CountsOfMonthAsync(new LocalDate(2024, 6, 1))).ShouldBe(27);
    }

    [Fact]
    public async Task A_month_without_a_partition_gets_it_before_it_is_needed()
    {
        await ExecuteAsync(FixtureF);
        Clock.Reset(Instant.FromUtc(2031, 12, 31, 23, 0));

        await RunAsync();

        (await QueryAsync<string>("SELECT DISTINCT tableoid::regclass::text FROM value_stream.value_stream_dashboard_counts"))
            .ShouldBe(["value_stream.value_stream_dashboard_counts_203112"]);
        (await QueryAsync<int>("SELECT count(*) FROM pg_class WHERE relname IN ('value_stream_dashboard_counts_203201', 'value_stream_dashboard_counts_203202')")).ShouldBe([2]);
    }

    [Fact]
    public async Task A_month_whose_partition_cannot_be_added_is_counted_all_the_same()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("INSERT INTO value_stream.value_stream_dashboard_counts (namespace_id, metric, period_month, count) VALUES (7, 1, '2033-07-01', 1)");
        Clock.Reset(Instant.FromUtc(2033, 7, 5, 0, 0));

        (await RunAsync()).GroupsCompleted.ShouldBe(2);

        (await CountsOfMonthAsync(new LocalDate(2033, 7, 1))).ShouldBe(28);
    }

    [Fact]
    public async Task A_row_that_names_no_month_belongs_to_the_month_in_which_it_was_recorded()
    {
        await ExecuteAsync(FixtureF);
        await RunAsync();

        await ExecuteAsync("""
            INSERT INTO value_stream.value_stream_dashboard_counts (namespace_id, metric, count, recorded_at) VALUES
                (77, 2, 5, '2024-05-31 23:59:59+00'), (77, 2, 6, '2022-04-25 00:00:00+00')
            """);

        (await QueryAsync<LocalDate>("SELECT period_month FROM value_stream.value_stream_dashboard_counts WHERE namespace_id = 77 ORDER BY 1"))
            .ShouldBe([new LocalDate(2022, 4, 1), new LocalDate(2024, 5, 1)]);
    }

    [Fact]
    public async Task A_giant_group_does_not_starve_small_ones()
    {
        await ExecuteAsync("""
            INSERT INTO value_stream.namespaces (id, type) SELECT id, 'Group' FROM generate_series(1, 101) id;
            INSERT INTO value_stream.namespaces (id, type, parent_id) SELECT 1000 + n, 'Project', 1 FROM generate_series(1, 400) n;
            INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) SELECT n, 1, 1000 + n FROM generate_series(1, 400) n;
            INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) SELECT generate_series(1, 101);
            """);
        UseBatchSize(10, pageSize: 2);
        Options.TurnPages = 3;

        // 100 small groups take three commits each, and the giant its turns in between.
        var result = await RunAsync(checks: 310);

        result.ShouldBe(new(RunOutcome.TimeUp, GroupsCompleted: 100, GroupsFailing: 0, Rows: result.Rows));
        var giant = await RunOfAsync(1);
        giant.FinishedAt.ShouldBeNull();
        giant.LastCount.ShouldNotBeNull().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_counter_above_32_bits_is_kept()
    {
        await ExecuteAsync("INSERT INTO value_stream.value_stream_dashboard_counts (namespace_id, metric, count) VALUES (1, 1, 5000000000)");

        (await CountsAsync())[(1, 1)].ShouldBe(5_000_000_000);
    }

    [Theory]
    [InlineData("INSERT INTO value_stream.issues (project_id, iid) VALUES (1, NULL)")]
    [InlineData("INSERT INTO value_stream.issues (project_id, iid) VALUES (1, 1), (1, 1)")]
    [InlineData("INSERT INTO value_stream.merge_requests (target_project_id, iid) VALUES (1, NULL)")]
    [InlineData("INSERT INTO value_stream.merge_requests (target_project_id, iid) VALUES (1, 1), (1, 1)")]
    [InlineData("INSERT INTO value_stream.pipelines (project_id, id) VALUES (1, 1), (1, 1)")]
    [InlineData("INSERT INTO value_stream.members (id, source_id) VALUES (1, 1), (1, 1)")]
    public async Task A_key_that_would_make_batches_inexact_is_refused(string insert) =>
        await Should.ThrowAsync<Npgsql.PostgresException>(ExecuteAsync(insert));

    private async Task<int> CountsOfMonthAsync(LocalDate month) =>
        (await QueryAsync<int>($"SELECT count(*) FROM value_stream.value_stream_dashboard_counts WHERE period_month = '{month:uuuu-MM-dd}'"))[0];

    private async Task StartAsync()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1);
        Options.TurnPages = 1_000;
    }
}
