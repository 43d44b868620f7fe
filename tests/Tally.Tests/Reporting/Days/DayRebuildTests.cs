using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>A day rebuilt from its raw events; the account is in New York, the day from 2026-02-11T05:00Z to 2026-02-12T05:00Z.</summary>
public sealed class DayRebuildTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    [Fact]
    public async Task A_raw_event_without_durations_counts_as_zero_seconds()
    {
        await host.AddAccountAsync(31);
        await host.AddRawAsync(TestEvent.FirstResponse(31, value: null));

        (await host.RebuildAsync(31, TestEvent.Day)).ShouldBe(RebuildOutcome.Rebuilt);

        (await host.TotalAsync(31, "first_response")).ShouldBe(Rollup.OfAccount(31, "first_response", 1));
    }

    [Fact]
    public async Task A_day_is_the_aggregate_of_its_events_up_to_and_without_the_next_midnight()
    {
        await AddSpecifiedDayAsync(32);

        await host.RebuildAsync(32, TestEvent.Day);

        (await host.RollupsAsync(32)).ShouldBe(
            [
                new(TestEvent.Day, "account", 32, "first_response", 2, 140, 80),
                new(TestEvent.Day, "account", 32, "resolution_time", 1, 200, 80),
                new(TestEvent.Day, "account", 32, "resolutions_count", 1, 0, 0),
                new(TestEvent.Day, "agent", 1, "first_response", 2, 140, 80),
                new(TestEvent.Day, "agent", 2, "resolution_time", 1, 200, 80),
                new(TestEvent.Day, "agent", 2, "resolutions_count", 1, 0, 0),
                new(TestEvent.Day, "inbox", 1, "first_response", 2, 140, 80),
                new(TestEvent.Day, "inbox", 2, "resolution_time", 1, 200, 80),
                new(TestEvent.Day, "inbox", 2, "resolutions_count", 1, 0, 0),
            ]);
        (await host.DayAsync(32, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "complete", 3));
    }

    [Fact]
    public async Task A_second_rebuild_writes_no_row()
    {
        await AddSpecifiedDayAsync(36);
        await host.RebuildAsync(36, TestEvent.Day);
        var before = await VersionsAsync(36);
        host.Clock.AdvanceHours(1);

        (await host.RebuildAsync(36, TestEvent.Day)).ShouldBe(RebuildOutcome.Unchanged);

        (await VersionsAsync(36)).ShouldBe(before);
        before.Count.ShouldBe(9);
    }

    [Fact]
    public async Task A_rebuild_writes_only_the_rows_that_were_wrong()
    {
        await AddSpecifiedDayAsync(361);
        await host.RebuildAsync(361, TestEvent.Day);
        var before = await VersionsAsync(361);
        await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = 5 WHERE account_id = 361 AND dimension_type = 'agent' AND dimension_id = 1");

        (await host.RebuildAsync(361, TestEvent.Day)).ShouldBe(RebuildOutcome.Rebuilt);

        (await VersionsAsync(361)).Except(before).Count().ShouldBe(1);
        (await host.Get<RollupVerifier>().VerifyAsync(361, TestEvent.Day, TestEvent.Day)).Differences.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_failing_aggregation_leaves_the_old_rows()
    {
        await AddOldRowAsync(37);
        // Each fits the column; their sum does not.
        await host.AddRawAsync(TestEvent.FirstResponse(37), TestEvent.FirstResponse(37));
        await host.ExecuteAsync("UPDATE reporting.reporting_events SET value = ('9e' || 131071)::numeric WHERE account_id = 37");

        var failure = await Should.ThrowAsync<PostgresException>(() => host.RebuildAsync(37, TestEvent.Day));

        failure.SqlState.ShouldBe(PostgresErrorCodes.NumericValueOutOfRange);
        (await host.RollupsAsync(37)).ShouldBe([Rollup.OfAccount(37, "first_response", 7, 700, 350)]);
        (await host.DayAsync(37, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "dirty", 0));
    }

    [Fact]
    public async Task A_failing_insert_leaves_the_old_rows()
    {
        await AddOldRowAsync(38);
        await host.AddRawAsync(TestEvent.Of(38, "reply_time", 1, 1));
        await host.ExecuteAsync("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON reporting.reporting_events_rollups
                FOR EACH ROW WHEN (NEW.account_id = 38 AND NEW.metric = 'reply_time') EXECUTE FUNCTION refuse();
            """);

        (await Should.ThrowAsync<PostgresException>(() => host.RebuildAsync(38, TestEvent.Day))).MessageText.ShouldBe("refused");

        (await host.RollupsAsync(38)).ShouldBe([Rollup.OfAccount(38, "first_response", 7, 700, 350)]);
        (await host.DayAsync(38, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "dirty", 0));
    }

    [Fact]
    public async Task A_day_without_events_that_never_had_rollups_is_complete_and_empty()
    {
        await host.AddAccountAsync(50);

        (await host.RebuildAsync(50, TestEvent.Day)).ShouldBe(RebuildOutcome.Unchanged);

        (await host.RollupsAsync(50)).ShouldBeEmpty();
        (await host.DayAsync(50, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "complete", 0));
    }

    [Fact]
    public async Task Rows_that_no_event_calls_for_are_removed()
    {
        await AddSpecifiedDayAsync(51);
        await host.ExecuteAsync("""
            INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric, count)
            VALUES (51, '2026-02-11', 'team', 3, 'first_response', 4), (51, '2026-02-11', 'agent', 99, 'reply_time', 4), (51, '2026-02-10', 'team', 3, 'first_response', 4)
            """);

        await host.RebuildAsync(51, TestEvent.Day);

        (await host.RollupsAsync(51)).Where(row => row.Date == TestEvent.Day).Select(row => row.DimensionId).Distinct().ShouldBe([51, 1, 2]);
        (await host.RollupsAsync(51)).Count(row => row.Date != TestEvent.Day).ShouldBe(1);
    }

    [Fact]
    public async Task A_rebuild_of_a_day_that_live_events_built_changes_nothing()
    {
        await host.AddAccountAsync(52);
        await host.ApplyAsync(
            TestEvent.Of(52, "conversation_resolved", 120, 45), TestEvent.FirstResponse(52), TestEvent.Handoff(52, 1), TestEvent.Handoff(52, 1, user: 8),
            TestEvent.Of(52, "reply_time"), TestEvent.Of(52, "conversation_bot_resolved", 3, inbox: null), TestEvent.Of(52, "unknown", 5));

        (await host.RebuildAsync(52, TestEvent.Day)).ShouldBe(RebuildOutcome.Unchanged);

        (await host.DayAsync(52, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "complete", 7));
    }

    [Fact]
    public async Task Live_events_go_on_counting_on_a_complete_day()
    {
        await AddSpecifiedDayAsync(53);
        await host.RebuildAsync(53, TestEvent.Day);

        await host.ApplyAsync(TestEvent.FirstResponse(53, 10));

        (await host.TotalAsync(53, "first_response")).ShouldBe(Rollup.OfAccount(53, "first_response", 3, 150, 90));
        (await host.DayAsync(53, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "complete", 4));
        (await host.DifferencesAsync(53)).ShouldHaveSingleItem().Date.ShouldBe(new LocalDate(2026, 2, 12), "the event at the next midnight has no rollup yet");
    }

    private async Task AddSpecifiedDayAsync(long account)
    {
        await host.AddAccountAsync(account);
        await host.AddRawAsync(
            TestEvent.Of(account, "first_response", 100, 60, 1, 1, at: Instant.FromUtc(2026, 2, 11, 14, 0)),
            TestEvent.Of(account, "first_response", 40, 20, 1, 1, at: Instant.FromUtc(2026, 2, 11, 15, 0)),
            TestEvent.Of(account, "conversation_resolved", 200, 80, 2, 2, at: Instant.FromUtc(2026, 2, 11, 16, 0)),
            TestEvent.Of(account, "reply_time", 500, 300, user: null, inbox: null, at: Instant.FromUtc(2026, 2, 12, 5, 0)));
    }

    private async Task AddOldRowAsync(long account)
    {
        await host.AddAccountAsync(account);
        await host.ExecuteAsync(
            """
            INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours)
            VALUES (@account, '2026-02-11', 'account', @account, 'first_response', 7, 700, 350);
            INSERT INTO reporting.reporting_days (account_id, date, day_start, day_end, state) VALUES (@account, '2026-02-11', '2026-02-11 05:00Z', '2026-02-12 05:00Z', 'dirty');
            """,
            new { account });
    }

    // A row that is written, even with the same contents, is a new version at a new place.
    private Task<IReadOnlyList<string>> VersionsAsync(long account) => host.QueryAsync<string>(
        "SELECT format('%s %s %s %s: %s %s', dimension_type, dimension_id, metric, count, xmin, ctid) FROM reporting.reporting_events_rollups WHERE account_id = @account ORDER BY 1",
        new { account });
}
