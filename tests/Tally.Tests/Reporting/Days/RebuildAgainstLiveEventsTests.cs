using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>
/// A rebuild and live events of one day at once, from two processes. Five events and one more must be six, in every order of
/// their steps; the original came to 1, 5 or 7.
/// </summary>
public sealed class RebuildAgainstLiveEventsTests(ReportingHost host) : RaceTest(host)
{
    [Fact]
    public Task A_live_event_beside_the_first_build_of_a_day_is_counted() => RaceAsync(1, haveRollups: false, liveFirst: false);

    [Fact]
    public Task The_first_build_of_a_day_beside_a_live_event_counts_the_others() => RaceAsync(2, haveRollups: false, liveFirst: true);

    [Fact]
    public Task A_live_event_is_not_overwritten_by_a_rebuild_that_read_before_it() => RaceAsync(3, haveRollups: true, liveFirst: false);

    [Fact]
    public Task A_live_event_that_a_rebuild_has_read_is_not_counted_twice() => RaceAsync(4, haveRollups: true, liveFirst: true);

    [Theory]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public async Task A_handoff_beside_a_rebuild_is_counted_once(long account, bool liveFirst)
    {
        await Host.AddAccountAsync(account);
        await Host.AddRawAsync(TestEvent.Handoff(account, 1), TestEvent.Handoff(account, 2));

        await RunAsync(account, [TestEvent.Handoff(account, 2), TestEvent.Handoff(account, 3)], liveFirst);

        // Before it is built, the day's rollups hold only what came live; the rebuild comes before or after and makes it whole.
        await Host.RebuildAsync(account, TestEvent.Day);
        (await Host.TotalAsync(account, "bot_handoffs_count"))!.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Live_events_and_rebuilds_that_all_wait_for_the_day_leave_it_right()
    {
        await Host.AddAccountAsync(7);
        var raw = Enumerable.Range(0, 5).Select(_ => TestEvent.FirstResponse(7)).ToArray();
        await Host.AddRawAsync(raw);
        await using var barrier = await LockBarrier.HoldAsync(Host.DataSource, AdvisoryLocks.Day(7, TestEvent.Day));
        var waiting = new List<Task>();
        foreach (var live in new[] { true, false, true, true, false, true })
        {
            waiting.Add(live ? ApplyInOtherProcessAsync(TestEvent.FirstResponse(7)) : Host.RebuildAsync(7, TestEvent.Day));
            // Group commit holds two transactions of a kind at once; the rest wait behind them.
            await Sessions.ParkedAsync(Host.DataSource, waiting[^1], Math.Min(waiting.Count, 3));
        }

        await barrier.ReleaseAsync();
        await Task.WhenAll(waiting);

        (await Host.TotalAsync(7, "first_response")).ShouldBe(Rollup.OfAccount(7, "first_response", 9, 900, 900));
        (await Host.DayAsync(7, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "complete", 9));
    }

    [Fact]
    public async Task A_rebuild_does_not_hold_up_other_days_and_accounts()
    {
        await Host.AddAccountAsync(8);
        await Host.AddAccountAsync(9);
        await using var barrier = await LockBarrier.HoldAsync(Host.DataSource, AdvisoryLocks.Day(8, TestEvent.Day));
        var rebuild = Host.RebuildAsync(8, TestEvent.Day);
        await Sessions.ParkedAsync(Host.DataSource, rebuild, 1);

        (await ApplyInOtherProcessAsync(TestEvent.FirstResponse(8, at: TestEvent.Noon + Duration.FromDays(1)), TestEvent.FirstResponse(9))).ShouldAllBe(outcome => outcome == EventOutcome.Applied);

        rebuild.IsCompleted.ShouldBeFalse();
        await barrier.ReleaseAsync();
        await rebuild;
    }

    private async Task RaceAsync(long account, bool haveRollups, bool liveFirst)
    {
        await Host.AddAccountAsync(account);
        var five = Enumerable.Range(0, 5).Select(_ => TestEvent.FirstResponse(account)).ToArray();
        if (haveRollups) await Host.ApplyAsync(five);
        else await Host.AddRawAsync(five);

        await RunAsync(account, [TestEvent.FirstResponse(account)], liveFirst);

        (await Host.RollupsAsync(account)).Select(row => (row.Count, row.Sum)).ShouldBe([(6, 600), (6, 600), (6, 600)]);
        (await Host.DayAsync(account, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "complete", 6));
    }

    /// <summary>The first stops when it has read and is about to write; the second starts; then both go on.</summary>
    private async Task RunAsync(long account, ReportingEvent[] live, bool liveFirst)
    {
        await using var gate = await LockBarrier.HoldAsync(Host.DataSource, Gate.Key);
        Func<Task>[] steps = [() => Host.RebuildAsync(account, TestEvent.Day), () => ApplyInOtherProcessAsync(live)];
        if (liveFirst) Array.Reverse(steps);

        var first = steps[0]();
        await Sessions.ParkedAsync(Host.DataSource, first, 1);
        first.IsCompleted.ShouldBeFalse();
        var second = steps[1]();
        await Sessions.ParkedAsync(Host.DataSource, second, 2);
        second.IsCompleted.ShouldBeFalse();
        await gate.ReleaseAsync();
        await Task.WhenAll(first, second);
    }
}
