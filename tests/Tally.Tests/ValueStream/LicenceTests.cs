using Shouldly;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.ValueStream;

public sealed class LicenceTests(TestDatabase database) : ValueStreamTest(database)
{
    [Fact]
    public async Task Without_the_installations_licence_nothing_is_read_or_written()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("UPDATE value_stream.namespaces SET plan = 'free'");
        Options.Licensed = false;

        (await RunAsync()).ShouldBe(new(RunOutcome.NothingDue, 0, 0, 0));

        (await QueryAsync<int>("SELECT count(*) FROM value_stream.value_stream_dashboard_runs")).ShouldBe([0]);
        (await EnabledAsync()).ShouldBe([1L, 900]);
    }

    [Theory]
    [InlineData("'free'")]
    [InlineData("NULL")]
    public async Task A_group_without_a_licence_is_disabled_and_the_next_gets_all_metrics(string plan)
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync($"UPDATE value_stream.namespaces SET plan = {plan} WHERE id = 1");

        await RunAsync();

        (await EnabledAsync()).ShouldBe([900L]);
        (await CountsAsync()).ShouldBe(CountsOfF.Where(count => count.Key.Item1 >= 900), ignoreOrder: true);
        (await QueryAsync<bool>("SELECT last_run_at IS NULL FROM value_stream.value_stream_dashboard_aggregations WHERE namespace_id = 1")).ShouldBe([true]);
    }

    [Fact]
    public async Task The_plans_that_include_the_counts_are_a_setting()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("UPDATE value_stream.namespaces SET plan = 'gold' WHERE id = 1");
        Options.LicensedPlans = "gold, platinum";

        await RunAsync();

        (await EnabledAsync()).ShouldBe([1L]);
    }

    [Fact]
    public async Task Licence_lost_while_counting_stops_the_group_and_leaks_nothing_into_the_next()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1);
        var checks = 0;

        var result = await RunAsync(new RuntimeLimiter(() =>
        {
            if (++checks == 2) ExecuteAsync("UPDATE value_stream.namespaces SET plan = 'free' WHERE id = 1").Wait();
            return false;
        }));

        result.GroupsCompleted.ShouldBe(1);
        (await EnabledAsync()).ShouldBe([900L]);
        (await QueryAsync<long>("SELECT top_level_namespace_id FROM value_stream.value_stream_dashboard_runs")).ShouldBe([900L]);
        var counts = await CountsAsync();
        counts.Keys.Where(key => key.Item1 < 900).ShouldBe([(1L, (short)1)]);
        counts.Keys.Count(key => key.Item1 >= 900).ShouldBe(6);
    }

    [Fact]
    public async Task Licence_lost_between_runs_drops_the_position()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1);
        await RunAsync(checks: 3);
        await ExecuteAsync("UPDATE value_stream.namespaces SET plan = 'free' WHERE id = 1");

        await RunAsync();

        (await QueryAsync<long>("SELECT top_level_namespace_id FROM value_stream.value_stream_dashboard_runs")).ShouldBe([900L]);
    }

    private Task<IReadOnlyList<long>> EnabledAsync() =>
        QueryAsync<long>("SELECT namespace_id FROM value_stream.value_stream_dashboard_aggregations WHERE enabled ORDER BY namespace_id");
}
