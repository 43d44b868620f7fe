using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;
using Tally.Reporting.Retention;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Retention;

/// <summary>Erasing keeps rollups right.</summary>
public sealed class EraseTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private static long _lastAccount;

    private readonly long _account = Interlocked.Increment(ref _lastAccount);

    [Fact]
    public async Task A_conversations_events_leave_raw_events_and_rollups_together()
    {
        await AddAccountAsync(
            TestEvent.FirstResponse(_account, 80), TestEvent.Of(_account, "conversation_resolved", 60, 30, conversation: 9, at: TestEvent.Noon - Duration.FromDays(40)),
            TestEvent.Of(_account, "reply_time", 5, 5, conversation: 10), TestEvent.Handoff(_account, 9), TestEvent.Handoff(_account, 10));
        var result = await host.Get<EventEraser>().EraseConversationAsync(_account, 9);
        result.Events.ShouldBe(3);
        result.RebuiltDays.ShouldBe([TestEvent.Day.PlusDays(-40), TestEvent.Day]);
        await ShouldBeRightAsync();
        (await RowsAsync()).Select(row => row.Metric).Distinct().Order().ShouldBe(["bot_handoffs_count", "reply_time"]);
    }

    [Fact]
    public async Task A_day_that_loses_its_last_event_is_empty()
    {
        var one = TestEvent.FirstResponse(_account);
        await AddAccountAsync(one);
        (await host.Get<EventEraser>().EraseAsync(_account, [one.Id, Guid.NewGuid()])).Events.ShouldBe(1);
        (await RowsAsync()).ShouldBeEmpty();
        await ShouldBeRightAsync();
        (await StateAsync()).ShouldBe("complete");
    }

    [Theory]
    [InlineData("dirty")]
    [InlineData("live")]
    public async Task Days_whose_rollups_were_wrong_are_right_afterwards(string state)
    {
        var one = TestEvent.FirstResponse(_account);
        await AddAccountAsync(one, TestEvent.FirstResponse(_account));
        await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = 100; UPDATE reporting.reporting_days SET state = @state", new { state });
        await host.Get<EventEraser>().EraseAsync(_account, [one.Id]);
        await ShouldBeRightAsync();
        (await StateAsync()).ShouldBe("complete");
    }

    [Fact]
    public async Task A_message_that_brings_an_erased_event_again_changes_nothing()
    {
        var one = TestEvent.FirstResponse(_account);
        await AddAccountAsync(one);
        await host.Get<EventEraser>().EraseAsync(_account, [one.Id]);
        (await host.ApplyAsync(one)).ShouldBe([EventOutcome.Duplicate]);
        (await RowsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Purged_days_lose_exactly_what_is_erased()
    {
        await AddAccountAsync(
            TestEvent.Of(_account, "conversation_resolved", 100.5m, 50, user: 1), TestEvent.Handoff(_account, 9, user: 1),
            TestEvent.Handoff(_account, 9, user: 2), TestEvent.Handoff(_account, 10, user: 1));
        await host.Get<EventPurger>().PurgeAsync(_account, TestEvent.Day.PlusDays(1));
        var before = await RowsAsync();
        var late = TestEvent.Of(_account, "conversation_resolved", 0.25m, null, user: 1, conversation: 10);
        var lateAgent = TestEvent.FirstResponse(_account) with { UserId = 77, ConversationId = 10 };
        await host.ApplyAsync(late, lateAgent);

        var result = await host.Get<EventEraser>().EraseAsync(_account, [late.Id, lateAgent.Id]);
        (result.Events, result.RebuiltDays.Single()).ShouldBe((2, TestEvent.Day));
        (await RowsAsync()).Select(Amounts).ShouldBe(before.Select(Amounts));
        (await StateAsync()).ShouldBe("complete");

        // One of two handoffs of conversation 9: it still is one conversation of the account, and none of agent 2.
        var second = (await StoredEvents.ReadAsync(host.DataSource, _account)).Single(one => one.UserId == 2);
        await host.Get<EventEraser>().EraseAsync(_account, [second.Id]);
        var handoffs = (await RowsAsync()).Where(row => row.Metric == "bot_handoffs_count").ToDictionary(row => (row.DimensionType, row.DimensionId), row => row.Count);
        handoffs[("account", _account)].ShouldBe(2);
        handoffs[("agent", 1)].ShouldBe(2);
        handoffs.ShouldNotContainKey(("agent", 2));
    }

    [Fact]
    public async Task Events_that_were_purged_stay_in_the_totals_and_are_reported()
    {
        var one = TestEvent.FirstResponse(_account);
        await AddAccountAsync(one);
        await host.Get<EventPurger>().PurgeAsync(_account, TestEvent.Day.PlusDays(1));
        var rows = await RowsAsync();
        var result = await host.Get<EventEraser>().EraseAsync(_account, [one.Id]);
        (result.Events, result.PurgedEvents).ShouldBe((0, 1));
        (await RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task Many_events_of_many_days_are_erased_in_steps()
    {
        await AddAccountAsync([.. Enumerable.Range(0, 60).Select(back => TestEvent.FirstResponse(_account, at: TestEvent.Noon - Duration.FromDays(back % 40)))]);
        await host.ApplyAsync(TestEvent.Of(_account, "reply_time", 5, 5, conversation: 10));
        var result = await host.Get<EventEraser>().EraseConversationAsync(_account, 9);
        (result.Events, result.RebuiltDays.Count).ShouldBe((60, 40));
        await ShouldBeRightAsync();
    }

    [Fact]
    public async Task Without_a_zone_only_raw_events_go()
    {
        host.Clock.Reset(Instant.FromUtc(2026, 2, 12, 10, 0));
        await host.AddAccountAsync(_account, zone: null);
        await host.ApplyAsync(TestEvent.FirstResponse(_account));
        (await host.Get<EventEraser>().EraseConversationAsync(_account, 9)).Events.ShouldBe(1);
        (await StoredEvents.ReadAsync(host.DataSource, _account)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_deleted_account_leaves_nothing_behind()
    {
        await AddAccountAsync(TestEvent.FirstResponse(_account), TestEvent.FirstResponse(_account, at: TestEvent.Noon - Duration.FromDays(9)));
        await host.Get<EventPurger>().PurgeAsync(_account, TestEvent.Day.PlusDays(-5));
        await foreach (var _ in host.Get<BackfillWorker>().RebuildInlineAsync(await host.Get<BackfillRequests>().RequestAsync(await host.Get<BackfillPlanner>().PlanAsync(_account)))) { }
        await host.Get<EventEraser>().EraseConversationAsync(_account, 77);
        await host.ExecuteAsync("INSERT INTO reporting.rollup_drift VALUES (@_account, now(), '2026-02-11', 'agent', 1, 'reply_time')", new { _account });
        var tables = await host.QueryAsync<string>("SELECT table_name FROM information_schema.columns WHERE table_schema = 'reporting' AND column_name = 'account_id' AND table_name <> 'erased_accounts'");
        tables.Count.ShouldBe(9);
        foreach (var table in tables) (await CountAsync(table)).ShouldBeGreaterThan(0, table);

        var erasure = await host.Get<AccountEraser>().EraseAsync(_account);
        erasure.WasThere.ShouldBeTrue();
        erasure.Rows.ShouldBeGreaterThan(0);
        foreach (var table in tables) (await CountAsync(table)).ShouldBe(0, table);
        await Should.ThrowAsync<UnknownAccountException>(host.ApplyAsync(TestEvent.FirstResponse(_account)));
        (await host.Get<AccountEraser>().EraseAsync(_account)).ShouldBe(new AccountErasure(false, 0));
    }

    [Fact]
    public async Task A_deleted_user_keeps_its_row_in_the_summary()
    {
        await AddAccountAsync(TestEvent.FirstResponse(_account));
        var midnight = Instant.FromUtc(2026, 2, 11, 5, 0);
        var report = await host.Get<ReportReader>().ReadAsync(new SummaryRequest { AccountId = _account, Dimension = "agent", From = midnight, To = midnight + Duration.FromDays(1) });
        report.Rows.Single().Id.ShouldBe(7, "who is a member today decides nothing about what was");
    }

    private async Task AddAccountAsync(params ReportingEvent[] events)
    {
        host.Clock.Reset(Instant.FromUtc(2026, 2, 12, 10, 0));
        await host.AddAccountAsync(_account);
        await host.ApplyAsync(events);
    }

    private async Task ShouldBeRightAsync() => (await host.Get<RollupVerifier>().VerifyAsync(_account)).Differences.ShouldBeEmpty();

    private static object Amounts(RollupRow row) => (row.Date, row.DimensionType, row.DimensionId, row.Metric, row.Count, row.SumValue, row.SumValueBusinessHours);

    private async Task<string> StateAsync() => (await host.QueryAsync<string>(
        "SELECT state FROM reporting.reporting_days WHERE account_id = @_account AND date = '2026-02-11'", new { _account })).Single();

    private async Task<long> CountAsync(string table) => (await host.QueryAsync<long>($"SELECT count(*) FROM reporting.{table} WHERE account_id = @_account", new { _account })).Single();

    private Task<IReadOnlyList<RollupRow>> RowsAsync() => host.Get<RollupReader>().ReadAsync(_account, new LocalDate(1970, 1, 1), new LocalDate(2199, 1, 1));
}
