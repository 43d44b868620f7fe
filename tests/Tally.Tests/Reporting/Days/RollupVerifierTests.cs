using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>The verifier finds every difference, and nothing else.</summary>
public sealed class RollupVerifierTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    [Theory]
    [InlineData(1, "UPDATE reporting.reporting_events_rollups SET count = count + 1 WHERE account_id = 1 AND dimension_type = 'agent' AND metric = 'resolution_time'", 1)]
    [InlineData(2, "UPDATE reporting.reporting_events_rollups SET sum_value = sum_value + 0.001 WHERE account_id = 2 AND dimension_type = 'inbox' AND metric = 'resolution_time'", 1)]
    [InlineData(3, "UPDATE reporting.reporting_events_rollups SET sum_value_business_hours = 0 WHERE account_id = 3 AND dimension_type = 'account' AND metric = 'resolution_time'", 1)]
    [InlineData(4, "DELETE FROM reporting.reporting_events_rollups WHERE account_id = 4 AND metric = 'bot_handoffs_count'", 3)]
    [InlineData(5, "INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric) VALUES (5, '2026-02-11', 'team', 3, 'first_response')", 1)]
    [InlineData(6, "INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric, count) VALUES (6, '2026-02-13', 'agent', 7, 'first_response', 1)", 1)]
    [InlineData(7, "UPDATE reporting.reporting_events_rollups SET metric = 'bot_resolutions_count' WHERE account_id = 7 AND metric = 'first_response' AND dimension_type = 'agent'", 2)]
    [InlineData(8, "UPDATE reporting.reporting_events_rollups SET dimension_id = 99 WHERE account_id = 8 AND metric = 'first_response' AND dimension_type = 'inbox'", 2)]
    [InlineData(9, "UPDATE reporting.reporting_events_rollups SET date = '2026-02-10' WHERE account_id = 9 AND metric = 'resolutions_count' AND dimension_type = 'account'", 2)]
    [InlineData(10, "DELETE FROM reporting.reporting_events WHERE account_id = 10 AND name = 'first_response'", 3)]
    [InlineData(11, "UPDATE reporting.reporting_events SET user_id = NULL WHERE account_id = 11 AND name = 'conversation_bot_handoff'", 1)]
    [InlineData(12, "UPDATE reporting.reporting_events SET created_at = created_at + interval '1 day' WHERE account_id = 12 AND name = 'first_response'", 6)]
    [InlineData(13, "UPDATE reporting.reporting_events_rollups SET account_id = 1013 WHERE account_id = 13", 15)]
    public async Task Every_corruption_is_found(long account, string corruption, int differences)
    {
        await AddDayAsync(account);
        (await host.DifferencesAsync(account)).ShouldBeEmpty();

        await host.ExecuteAsync(corruption);

        (await host.DifferencesAsync(account)).Count.ShouldBe(differences);
    }

    [Fact]
    public async Task A_report_counts_all_differences_and_holds_the_first_ones()
    {
        await host.AddAccountAsync(29);
        await host.ExecuteAsync("""
            INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric)
            SELECT 29, '2026-01-01'::date + n % 10, 'agent', n, 'first_response' FROM generate_series(1, 10001) n
            """);

        var report = await host.Get<RollupVerifier>().VerifyAsync(29);

        (report.Differences.Count, report.RowsDiffering, report.DaysDiffering).ShouldBe((10_000, 10_001, 10));
    }

    [Fact]
    public async Task Any_row_may_be_the_wrong_one()
    {
        await AddDayAsync(20);
        foreach (var row in await host.RollupsAsync(20))
        {
            const string add = """
                UPDATE reporting.reporting_events_rollups SET count = count + @by
                WHERE account_id = 20 AND dimension_type = @dimension AND dimension_id = @dimension_id AND metric = @metric
                """;
            await host.ExecuteAsync(add, new { dimension = row.Dimension, dimension_id = row.DimensionId, metric = row.Metric, by = 1 });

            var difference = (await host.DifferencesAsync(20)).ShouldHaveSingleItem();

            (difference.Date, difference.DimensionType, difference.DimensionId, difference.Metric).ShouldBe((row.Date, row.Dimension, row.DimensionId, row.Metric));
            difference.Expected.ShouldBe(new MetricAmount(row.Metric, row.Count, row.Sum, row.BusinessSum));
            difference.Found.ShouldBe(new MetricAmount(row.Metric, row.Count + 1, row.Sum, row.BusinessSum));
            await host.ExecuteAsync(add, new { dimension = row.Dimension, dimension_id = row.DimensionId, metric = row.Metric, by = -1 });
        }
    }

    [Fact]
    public async Task A_missing_and_a_superfluous_row_say_which_side_has_none()
    {
        await AddDayAsync(21);
        await host.ExecuteAsync("""
            DELETE FROM reporting.reporting_events_rollups WHERE account_id = 21 AND metric = 'first_response' AND dimension_type = 'agent';
            INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric, count) VALUES (21, '2026-02-11', 'agent', 99, 'first_response', 2);
            """);

        var differences = await host.DifferencesAsync(21);

        differences.Select(difference => (difference.DimensionId, difference.Expected?.Count, difference.Found?.Count)).ShouldBe([(7, 1, null), (99, null, 2)]);
        differences.ShouldAllBe(difference => difference.State == "live");
    }

    [Fact]
    public async Task By_default_every_day_with_an_event_or_a_rollup_is_checked()
    {
        await AddDayAsync(22);
        await host.ExecuteAsync("INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric) VALUES (22, '2026-01-01', 'agent', 7, 'first_response'), (22, '2026-03-31', 'agent', 7, 'first_response')");
        var told = new List<int>();

        var report = await host.Get<RollupVerifier>().VerifyAsync(22, progress: new Told(told));

        (report.From, report.To, report.DaysChecked, report.DaysDiffering).ShouldBe((new LocalDate(2026, 1, 1), new LocalDate(2026, 3, 31), 3, 2));
        told.ShouldBe([3]);
    }

    [Fact]
    public async Task Only_the_days_asked_for_are_checked()
    {
        await AddDayAsync(23);
        await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = 9 WHERE account_id = 23");

        (await host.Get<RollupVerifier>().VerifyAsync(23, TestEvent.Day.PlusDays(1), TestEvent.Day.PlusDays(5))).Differences.ShouldBeEmpty();
        (await host.Get<RollupVerifier>().VerifyAsync(23, TestEvent.Day, TestEvent.Day)).DaysDiffering.ShouldBe(1);
        (await host.Get<RollupVerifier>().VerifyAsync(23, TestEvent.Day, TestEvent.Day.PlusDays(-1))).DaysChecked.ShouldBe(0);
    }

    [Fact]
    public async Task Other_accounts_and_days_without_events_make_no_difference()
    {
        await AddDayAsync(24);
        await host.AddAccountAsync(25);
        await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = 9 WHERE account_id = 24");

        var report = await host.Get<RollupVerifier>().VerifyAsync(25);

        (report.From, report.DaysChecked, report.Differences.Count).ShouldBe((null, 0, 0));
        await Should.ThrowAsync<UnknownAccountException>(() => host.Get<RollupVerifier>().VerifyAsync(404));
    }

    [Fact]
    public async Task The_hour_of_a_second_midnight_is_looked_for_on_the_day_that_it_belongs_to()
    {
        await host.AddAccountAsync(26, "America/Havana");
        // Past one o'clock for the second time, on a day that has nothing else.
        await host.ApplyAsync(TestEvent.FirstResponse(26, at: Instant.FromUtc(2025, 11, 2, 5, 30)));
        await host.ExecuteAsync("DELETE FROM reporting.reporting_events_rollups WHERE account_id = 26");

        (await host.DifferencesAsync(26)).ShouldAllBe(difference => difference.Date == new LocalDate(2025, 11, 2));
        (await host.DifferencesAsync(26)).Count.ShouldBe(3);
    }

    /// <summary>15 rows: a resolution, a first response and two handoffs of one conversation.</summary>
    private async Task AddDayAsync(long account)
    {
        await host.AddAccountAsync(account);
        await host.ApplyAsync(
            TestEvent.Of(account, "conversation_resolved", 120, 45), TestEvent.FirstResponse(account), TestEvent.Of(account, "reply_time", 3, 3),
            TestEvent.Handoff(account, 1), TestEvent.Handoff(account, 1), TestEvent.Of(account, "unknown", 1));
    }

    private sealed class Told(List<int> values) : IProgress<int>
    {
        public void Report(int value) => values.Add(value);
    }
}
