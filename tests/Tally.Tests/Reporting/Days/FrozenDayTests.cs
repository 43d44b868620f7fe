using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>Days whose raw events were purged: only their rollups remember them.</summary>
public sealed class FrozenDayTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    [Fact]
    public async Task Emptied_history_is_kept_by_a_rebuild_and_the_day_is_frozen()
    {
        await AddPurgedDayAsync(1);

        (await host.RebuildAsync(1, TestEvent.Day)).ShouldBe(RebuildOutcome.Frozen);

        (await host.TotalAsync(1, "first_response")).ShouldBe(Rollup.OfAccount(1, "first_response", 2, 200, 200));
        (await host.DayAsync(1, TestEvent.Day))!.State.ShouldBe("frozen");
    }

    [Fact]
    public async Task A_forced_rebuild_empties_a_purged_day()
    {
        await AddPurgedDayAsync(2);

        (await host.RebuildAsync(2, TestEvent.Day, force: true)).ShouldBe(RebuildOutcome.Rebuilt);

        (await host.RollupsAsync(2)).ShouldBeEmpty();
        (await host.DayAsync(2, TestEvent.Day)).ShouldBe(new DayState("America/New_York", "complete", 0));
    }

    [Fact]
    public async Task A_forced_rebuild_thaws_a_frozen_day()
    {
        await AddPurgedDayAsync(3);
        await host.RebuildAsync(3, TestEvent.Day);

        (await host.RebuildAsync(3, TestEvent.Day, force: true)).ShouldBe(RebuildOutcome.Rebuilt);

        (await host.DayAsync(3, TestEvent.Day))!.State.ShouldBe("complete");
    }

    [Fact]
    public async Task A_late_event_adds_to_a_frozen_day_and_the_next_rebuild_still_keeps_it()
    {
        await AddPurgedDayAsync(4);
        await host.RebuildAsync(4, TestEvent.Day);

        await host.ApplyAsync(TestEvent.FirstResponse(4, 50));

        (await host.RebuildAsync(4, TestEvent.Day)).ShouldBe(RebuildOutcome.Frozen);
        (await host.TotalAsync(4, "first_response")).ShouldBe(Rollup.OfAccount(4, "first_response", 3, 250, 250));
        (await host.DayAsync(4, TestEvent.Day))!.State.ShouldBe("frozen");
    }

    [Fact]
    public async Task A_verification_passes_over_frozen_days_and_counts_them()
    {
        await AddPurgedDayAsync(5);
        (await host.DifferencesAsync(5)).ShouldNotBeEmpty("until a rebuild finds the events gone, the day differs");
        await host.RebuildAsync(5, TestEvent.Day);

        var report = await host.Get<RollupVerifier>().VerifyAsync(5);

        report.Differences.ShouldBeEmpty();
        (report.DaysFrozen, report.DaysChecked).ShouldBe((1, 0));
    }

    [Fact]
    public async Task A_purged_day_that_never_got_a_state_is_frozen_too()
    {
        await AddPurgedDayAsync(6);
        await host.ExecuteAsync("DELETE FROM reporting.reporting_days WHERE account_id = 6");

        (await host.RebuildAsync(6, TestEvent.Day)).ShouldBe(RebuildOutcome.Frozen);

        (await host.DayAsync(6, TestEvent.Day))!.State.ShouldBe("frozen");
        (await host.DifferencesAsync(6)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Purged_days_are_kept_when_the_zone_changes()
    {
        await AddPurgedDayAsync(7);

        await host.Get<AccountStore>().SetTimezoneAsync(7, "Asia/Tokyo");

        (await host.RebuildAsync(7, TestEvent.Day)).ShouldBe(RebuildOutcome.Frozen);
        (await host.TotalAsync(7, "first_response")).ShouldBe(Rollup.OfAccount(7, "first_response", 2, 200, 200));
    }

    [Theory]
    [InlineData(9, false)]
    [InlineData(10, true)]
    public async Task Events_deleted_by_hand_are_taken_from_the_totals_unless_their_day_is_frozen_before(long account, bool isFrozen)
    {
        await host.AddAccountAsync(account);
        var gone = TestEvent.FirstResponse(account);
        await host.ApplyAsync(gone, TestEvent.FirstResponse(account));
        if (isFrozen) await host.ExecuteAsync("UPDATE reporting.reporting_days SET state = 'frozen' WHERE account_id = @account", new { account });
        await host.ExecuteAsync("DELETE FROM reporting.reporting_events WHERE id = @Id", new { gone.Id });

        (await host.RebuildAsync(account, TestEvent.Day)).ShouldBe(isFrozen ? RebuildOutcome.Frozen : RebuildOutcome.Rebuilt);

        (await host.TotalAsync(account, "first_response"))!.Count.ShouldBe(isFrozen ? 2 : 1);
    }

    [Fact]
    public async Task A_request_counts_a_kept_day_as_done()
    {
        await AddPurgedDayAsync(8);
        var backfills = host.Get<Backfills>();
        var request = await backfills.RequestAsync(await backfills.PlanAsync(8, TestEvent.Day, TestEvent.Day));

        await host.RebuildAsync(8, TestEvent.Day, requestId: request.Id);

        var progress = (await backfills.GetProgressAsync(8)).ShouldHaveSingleItem();
        (progress.DaysDone, progress.DaysKept, progress.State).ShouldBe((1, 1, "completed"));
    }

    private async Task AddPurgedDayAsync(long account)
    {
        await host.AddAccountAsync(account);
        await host.ApplyAsync(TestEvent.FirstResponse(account), TestEvent.FirstResponse(account));
        await host.ExecuteAsync("DELETE FROM reporting.reporting_events WHERE account_id = @account", new { account });
    }
}
