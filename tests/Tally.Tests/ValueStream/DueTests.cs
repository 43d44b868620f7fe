using NodaTime;
using Shouldly;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Tally.ValueStream;
using Xunit;

namespace Tally.Tests.ValueStream;

public sealed class DueTests(TestDatabase database) : ValueStreamTest(database)
{
    [Theory]
    [InlineData(2022, 5, 15, false)]
    [InlineData(2022, 2, 26, true)]
    [InlineData(2022, 2, 22, false)]
    [InlineData(2022, 2, 23, true)]
    [InlineData(2024, 2, 23, false)]
    [InlineData(2024, 2, 24, true)]
    [InlineData(2023, 4, 24, false)]
    [InlineData(2023, 4, 25, true)]
    [InlineData(2023, 5, 25, false)]
    [InlineData(2023, 5, 26, true)]
    public void The_last_six_days_of_a_month(int year, int month, int day, bool allowed) =>
        new ValueStreamOptions { LastDaysOfMonth = 6 }.IsInWindow(new LocalDate(year, month, day)).ShouldBe(allowed);

    [Fact]
    public async Task Outside_the_window_nothing_is_read_or_written()
    {
        await ExecuteAsync(FixtureF);
        Options.LastDaysOfMonth = 6;

        (await RunAsync()).Outcome.ShouldBe(RunOutcome.NothingDue);
        (await QueryAsync<int>("SELECT count(*) FROM value_stream.value_stream_dashboard_runs")).ShouldBe([0]);

        Clock.AdvanceDays(10);
        (await RunAsync()).Outcome.ShouldBe(RunOutcome.Completed);
    }

    [Fact]
    public async Task Never_run_groups_go_first_then_those_whose_last_run_is_oldest()
    {
        await ExecuteAsync("""
            INSERT INTO value_stream.namespaces (id, type) VALUES (1, 'Group'), (2, 'Group'), (3, 'Group'), (4, 'Group');
            INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id, last_run_at) VALUES
                (1, NULL), (2, '2024-03-20'), (3, NULL), (4, '2024-02-20');
            """);

        await RunAsync();

        (await QueryAsync<long>("SELECT top_level_namespace_id FROM value_stream.value_stream_dashboard_runs ORDER BY last_turn_at")).ShouldBe([1L, 3, 4, 2]);
    }

    [Theory]
    [InlineData("2024-05-17")]
    [InlineData("2024-05-10")]
    [InlineData("2024-04-30")]
    public async Task The_month_decides_not_the_days_since_the_last_run(string lastRun)
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync($"UPDATE value_stream.value_stream_dashboard_aggregations SET last_run_at = '{lastRun}'");

        (await RunAsync()).GroupsCompleted.ShouldBe(2);
        Clock.AdvanceDays(11);
        Clock.GetCurrentInstant().InUtc().Date.ShouldBe(new LocalDate(2024, 5, 31));
        (await RunAsync()).Outcome.ShouldBe(RunOutcome.NothingDue);
        Clock.AdvanceDays(1);
        (await RunAsync()).GroupsCompleted.ShouldBe(2);
    }

    [Fact]
    public async Task A_disabled_group_is_never_selected()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("UPDATE value_stream.value_stream_dashboard_aggregations SET enabled = false WHERE namespace_id = 1");

        (await RunAsync()).GroupsCompleted.ShouldBe(1);

        (await CountsAsync()).Keys.ShouldAllBe(key => key.Item1 >= 900);
    }

    [Fact]
    public async Task Without_aggregations_nothing_is_written()
    {
        (await RunAsync()).ShouldBe(new(RunOutcome.NothingDue, 0, 0, 0));

        (await QueryAsync<int>("SELECT count(*) FROM value_stream.value_stream_dashboard_runs")).ShouldBe([0]);
    }

    [Fact]
    public async Task A_hundred_and_one_groups_are_done_in_one_run()
    {
        await ExecuteAsync("""
            INSERT INTO value_stream.namespaces (id, type) SELECT id, 'Group' FROM generate_series(1, 101) id;
            INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) SELECT generate_series(1, 101);
            """);

        (await RunAsync()).GroupsCompleted.ShouldBe(101);
    }

    [Fact]
    public async Task A_run_on_31_January_does_not_make_February_be_skipped()
    {
        await ExecuteAsync(FixtureF);
        Clock.Reset(Instant.FromUtc(2023, 1, 31, 12, 0));
        await RunAsync();

        Clock.Reset(Instant.FromUtc(2023, 2, 28, 12, 0));

        (await RunAsync()).GroupsCompleted.ShouldBe(2);
        (await QueryAsync<int>("SELECT count(*) FROM value_stream.value_stream_dashboard_counts GROUP BY period_month")).ShouldBe([27, 27]);
    }

    [Fact]
    public async Task A_fresh_group_does_not_gate_one_that_never_ran()
    {
        await ExecuteAsync(FixtureF);
        await NewCounter().RunAsync(new RuntimeLimiter(() => false), group: 1);

        var result = await RunAsync();

        result.ShouldBe(new(RunOutcome.Completed, 1, 0, 6));
        (await RunOfAsync(1)).Fence.ShouldBe(1);
    }

    [Fact]
    public async Task A_complete_month_is_not_counted_again()
    {
        await ExecuteAsync(FixtureF);
        await RunAsync();

        (await RunAsync()).ShouldBe(new(RunOutcome.NothingDue, 0, 0, 0));
    }

    [Fact]
    public async Task Only_top_level_groups_take_part()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) VALUES (2), (11)");

        (await RunAsync()).GroupsCompleted.ShouldBe(2);

        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }
}
