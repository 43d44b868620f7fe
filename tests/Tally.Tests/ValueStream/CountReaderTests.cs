using NodaTime;
using Shouldly;
using Tally.Tests.Infrastructure;
using Tally.ValueStream;
using Xunit;

namespace Tally.Tests.ValueStream;

public sealed class CountReaderTests(TestDatabase database) : ValueStreamTest(database)
{
    private static readonly LocalDate FirstOfMay = new(2022, 5, 1);
    private static readonly LocalDate LastOfMay = new(2022, 5, 31);

    private CountReader Report => new(Database.DataSource);

    [Theory]
    [InlineData(1, 3, 2, 4)]
    [InlineData(3, 1, 1, 1)]
    [InlineData(11, 2, 1, 1)]
    public async Task Issues_of_a_group_a_subgroup_and_a_project(long namespaceId, long count, long counted, long expected)
    {
        await ExecuteAsync(FixtureF);
        await InsertAsync("(11, 2, 2, '2022-05-25'), (14, 2, 1, '2022-05-26'), (14, 2, 9, '2022-04-25')");

        var answer = await Report.ReadAsync(namespaceId, CountMetric.Issues, FirstOfMay, LastOfMay);

        (answer.Count, answer.Counted, answer.Expected).ShouldBe((count, counted, expected));
        answer.Complete.ShouldBe(counted == expected);
    }

    [Fact]
    public async Task Groups_are_summed_and_no_data_is_null()
    {
        await ExecuteAsync(FixtureF);
        await InsertAsync("(1, 3, 1, '2022-05-20'), (2, 3, 1, '2022-05-20')");

        (await Report.ReadAsync(1, CountMetric.Groups, FirstOfMay, LastOfMay)).Count.ShouldBe(2);
        var january = await Report.ReadAsync(1, CountMetric.Groups, new LocalDate(2022, 1, 1), new LocalDate(2022, 1, 31));
        january.ShouldBe(new CountAnswer { Count = null, RecordedAt = null, Counted = 0, Expected = 3, Month = null, RunState = null, Complete = false, Tree = TreeState.Whole, MissingNamespaceId = null });
    }

    [Theory]
    [InlineData(1, 50)]
    [InlineData(2, 15)]
    public async Task Direct_members_are_the_groups_own(long group, long count)
    {
        await ExecuteAsync(FixtureF);
        await InsertAsync("(1, 6, 50, '2022-05-20'), (2, 6, 15, '2022-05-20')");

        var answer = await Report.ReadAsync(group, CountMetric.DirectMembers, FirstOfMay, LastOfMay);

        (answer.Count, answer.Expected, answer.Complete).ShouldBe((count, 1, true));
    }

    [Fact]
    public async Task The_newest_value_of_a_namespace_wins_and_of_two_at_once_the_later_month()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("""
            INSERT INTO value_stream.value_stream_dashboard_counts (namespace_id, metric, period_month, count, recorded_at) VALUES
                (910, 2, '2022-03-01', 4, '2022-03-20'), (910, 2, '2022-04-01', 5, '2022-04-20'),
                (11, 2, '2022-04-01', 6, '2022-05-01'), (11, 2, '2022-05-01', 7, '2022-05-01')
            """);

        (await Report.ReadAsync(910, CountMetric.Issues, new LocalDate(2022, 1, 1), LastOfMay)).Count.ShouldBe(5);
        (await Report.ReadAsync(11, CountMetric.Issues, new LocalDate(2022, 1, 1), LastOfMay)).Count.ShouldBe(7);
    }

    [Fact]
    public async Task A_reversed_range_is_refused()
    {
        await ExecuteAsync(FixtureF);

        (await Should.ThrowAsync<ValueStreamException>(Report.ReadAsync(1, CountMetric.Issues, LastOfMay, FirstOfMay)))
            .Message.ShouldBe("The range ends before it begins: 2022-05-31 to 2022-05-01.");
    }

    [Fact]
    public async Task Sums_are_64_bit()
    {
        await ExecuteAsync(FixtureF);
        await InsertAsync("(11, 2, 3000000000, '2022-05-20'), (12, 2, 4000000000, '2022-05-20')");

        (await Report.ReadAsync(1, CountMetric.Issues, FirstOfMay, LastOfMay)).Count.ShouldBe(7_000_000_000);
    }

    [Theory]
    [InlineData("2022-05-31 23:59:59.999+00", 2L)]
    [InlineData("2022-06-01 00:00:00+00", null)]
    [InlineData("2022-05-01 00:00:00+00", 2L)]
    [InlineData("2022-04-30 23:59:59.999+00", null)]
    public async Task The_last_day_is_included_and_nothing_after_it(string recordedAt, long? count)
    {
        await ExecuteAsync(FixtureF);
        await InsertAsync($"(910, 2, 2, '{recordedAt}')");

        (await Report.ReadAsync(910, CountMetric.Issues, FirstOfMay, LastOfMay)).Count.ShouldBe(count);
    }

    [Fact]
    public async Task A_value_recorded_after_midnight_is_found_on_the_day_it_was_recorded()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("INSERT INTO value_stream.value_stream_dashboard_counts (namespace_id, metric, period_month, count, recorded_at) VALUES (910, 2, '2022-04-01', 8, '2022-05-01 00:02')");

        var answer = await Report.ReadAsync(910, CountMetric.Issues, FirstOfMay, FirstOfMay);

        (answer.Count, answer.Month).ShouldBe((8, new LocalDate(2022, 4, 1)));
    }

    [Fact]
    public async Task A_part_of_a_month_can_be_told_from_the_whole()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(2);
        await RunAsync(checks: 5);
        var may = new LocalDate(2024, 5, 20);

        var part = await Report.ReadAsync(1, CountMetric.Issues, may, may);
        await RunUntilDoneAsync(checks: 100);
        var whole = await Report.ReadAsync(1, CountMetric.Issues, may, may);

        (part.Count, part.Counted, part.Expected, part.RunState, part.Complete).ShouldBe((5, 2, 4, RunState.Paused, false));
        (whole.Count, whole.Counted, whole.Expected, whole.RunState, whole.Complete).ShouldBe((6, 4, 4, RunState.Complete, true));
        whole.RecordedAt.ShouldBe(Clock.GetCurrentInstant());
    }

    [Fact]
    public async Task A_sum_of_two_months_is_not_complete()
    {
        await ExecuteAsync(FixtureF);
        await RunAsync();
        Clock.AdvanceDays(20);
        UseBatchSize(2);
        await RunAsync(checks: 5);

        var answer = await Report.ReadAsync(1, CountMetric.Issues, new LocalDate(2024, 5, 1), new LocalDate(2024, 6, 30));

        (answer.Counted, answer.Expected, answer.Complete).ShouldBe((4, 4, false));
    }

    [Fact]
    public async Task A_namespace_that_is_gone_takes_no_part_in_a_sum()
    {
        await ExecuteAsync(FixtureF);
        await RunAsync();

        await ExecuteAsync("DELETE FROM value_stream.namespaces WHERE id = 11");

        var answer = await Report.ReadAsync(1, CountMetric.Issues, new LocalDate(2024, 5, 1), new LocalDate(2024, 5, 31));
        (answer.Count, answer.Counted, answer.Expected).ShouldBe((1, 3, 3));
    }

    [Theory]
    [InlineData(11, "Namespace 11 is a project, and projects is counted for groups. Ask for one of: issues, merge_requests, pipelines.")]
    [InlineData(12345, "There is no namespace 12345.")]
    [InlineData(20, "Namespace 20 is personal; only groups and projects are counted.")]
    public async Task A_namespace_without_the_metric_is_refused(long namespaceId, string message)
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("INSERT INTO value_stream.namespaces (id, type) VALUES (20, 'User')");

        (await Should.ThrowAsync<ValueStreamException>(Report.ReadAsync(namespaceId, CountMetric.Projects, FirstOfMay, LastOfMay))).Message.ShouldBe(message);
    }

    [Fact]
    public void An_unknown_metric_is_refused_with_those_that_there_are() =>
        Should.Throw<ValueStreamException>(() => CountMetric.Named("users"))
            .Message.ShouldBe("There is no metric 'users'. Use one of: projects, issues, groups, merge_requests, pipelines, direct_members.");

    private Task InsertAsync(string rows) => ExecuteAsync($"""
        INSERT INTO value_stream.value_stream_dashboard_counts (namespace_id, metric, count, recorded_at) VALUES {rows}
        """);
}
