using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Shouldly;
using Tally.Reporting;
using Xunit;

namespace Tally.Tests.Reporting;

/// <summary>
/// A rebuild and live events of one day at once, from two processes. Five events and one more must be six, in every order of
/// their steps; the original came to 1, 5 or 7.
/// </summary>
public sealed class RebuildAgainstLiveEventsTests(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    private ServiceProvider _other = null!;

    public async Task InitializeAsync()
    {
        _other = host.NewServices();
        if (!await host.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'wait_at_gate')")) await Gate.BuildAsync(host);
    }

    public async Task DisposeAsync()
    {
        (await Sessions.CountDeadlocksAsync(host.DataSource)).ShouldBe(0);
        await _other.DisposeAsync();
    }

    [Fact]
    public Task R1_A_live_event_beside_the_first_build_of_a_day_is_counted() => RaceAsync(1, haveRollups: false, liveFirst: false);

    [Fact]
    public Task R1_The_first_build_of_a_day_beside_a_live_event_counts_the_others() => RaceAsync(2, haveRollups: false, liveFirst: true);

    [Fact]
    public Task R2_A_live_event_is_not_overwritten_by_a_rebuild_that_read_before_it() => RaceAsync(3, haveRollups: true, liveFirst: false);

    [Fact]
    public Task R3_A_live_event_that_a_rebuild_has_read_is_not_counted_twice() => RaceAsync(4, haveRollups: true, liveFirst: true);

    [Theory]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public async Task R2_R3_A_handoff_beside_a_rebuild_is_counted_once(long account, bool liveFirst)
    {
        await host.AddAccountAsync(account);
        await host.AddRawAsync(TestEvent.Handoff(account, 1), TestEvent.Handoff(account, 2));

        await RunAsync(account, [TestEvent.Handoff(account, 2), TestEvent.Handoff(account, 3)], liveFirst);

        // Before it is built, the day's rollups hold only what came live; the rebuild comes before or after and makes it whole.
        await host.RebuildAsync(account, TestEvent.Day);
        (await host.TotalAsync(account, "bot_handoffs_count"))!.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Live_events_and_rebuilds_that_all_wait_for_the_day_leave_it_right()
    {
        await host.AddAccountAsync(7);
        var raw = Enumerable.Range(0, 5).Select(_ => TestEvent.FirstResponse(7)).ToArray();
        await host.AddRawAsync(raw);
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Day(7, TestEvent.Day));
        var waiting = new List<Task>();
        foreach (var live in new[] { true, false, true, true, false, true })
        {
            waiting.Add(live ? ApplyInOtherProcessAsync(TestEvent.FirstResponse(7)) : host.RebuildAsync(7, TestEvent.Day));
            // Group commit holds two transactions of a kind at once; the rest wait behind them.
            await Sessions.ParkedAsync(host.DataSource, waiting[^1], Math.Min(waiting.Count, 3));
        }

        await barrier.ReleaseAsync();
        await Task.WhenAll(waiting);

        (await host.TotalAsync(7, "first_response")).ShouldBe(Rollup.OfAccount(7, "first_response", 9, 900, 900));
        (await host.DayAsync(7, TestEvent.Day)).ShouldBe(new DayState("America/New_York", "complete", 9));
    }

    [Fact]
    public async Task A_rebuild_does_not_hold_up_other_days_and_accounts()
    {
        await host.AddAccountAsync(8);
        await host.AddAccountAsync(9);
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Day(8, TestEvent.Day));
        var rebuild = host.RebuildAsync(8, TestEvent.Day);
        await Sessions.ParkedAsync(host.DataSource, rebuild, 1);

        (await ApplyInOtherProcessAsync(TestEvent.FirstResponse(8, at: TestEvent.Noon + Duration.FromDays(1)), TestEvent.FirstResponse(9))).ShouldAllBe(outcome => outcome == EventOutcome.Applied);

        rebuild.IsCompleted.ShouldBeFalse();
        await barrier.ReleaseAsync();
        await rebuild;
    }

    private async Task RaceAsync(long account, bool haveRollups, bool liveFirst)
    {
        await host.AddAccountAsync(account);
        var five = Enumerable.Range(0, 5).Select(_ => TestEvent.FirstResponse(account)).ToArray();
        if (haveRollups) await host.ApplyAsync(five);
        else await host.AddRawAsync(five);

        await RunAsync(account, [TestEvent.FirstResponse(account)], liveFirst);

        (await host.RollupsAsync(account)).Select(row => (row.Count, row.Sum)).ShouldBe([(6, 600), (6, 600), (6, 600)]);
        (await host.DayAsync(account, TestEvent.Day)).ShouldBe(new DayState("America/New_York", "complete", 6));
    }

    /// <summary>The first stops when it has read and is about to write; the second starts; then both go on.</summary>
    private async Task RunAsync(long account, ReportingEvent[] live, bool liveFirst)
    {
        await using var gate = await LockBarrier.HoldAsync(host.DataSource, Gate.Key);
        Func<Task>[] steps = [() => host.RebuildAsync(account, TestEvent.Day), () => ApplyInOtherProcessAsync(live)];
        if (liveFirst) Array.Reverse(steps);

        var first = steps[0]();
        await Sessions.ParkedAsync(host.DataSource, first, 1);
        first.IsCompleted.ShouldBeFalse();
        var second = steps[1]();
        await Sessions.ParkedAsync(host.DataSource, second, 2);
        second.IsCompleted.ShouldBeFalse();
        await gate.ReleaseAsync();
        await Task.WhenAll(first, second);
    }

    private Task<IReadOnlyList<EventOutcome>> ApplyInOtherProcessAsync(params ReportingEvent[] events) =>
        _other.GetRequiredService<EventIntake>().ApplyAsync(events, CancellationToken.None);
}
