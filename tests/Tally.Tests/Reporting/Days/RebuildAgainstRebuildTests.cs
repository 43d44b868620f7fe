using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>Two rebuilds of one day at once, from two processes.</summary>
public sealed class RebuildAgainstRebuildTests(ReportingHost host) : RaceTest(host)
{
    [Fact]
    public async Task Two_rebuilds_of_a_day_come_one_after_the_other()
    {
        await AddRawDayAsync(1);
        await using var gate = await LockBarrier.HoldAsync(Host.DataSource, Gate.Key);
        var first = Host.RebuildAsync(1, TestEvent.Day);
        await Sessions.ParkedAsync(Host.DataSource, first, 1);
        // The first has read one event less than the second will find.
        await Host.AddRawAsync(TestEvent.FirstResponse(1));
        var second = RebuildInOtherProcessAsync(1);
        await Sessions.ParkedAsync(Host.DataSource, second, 2);
        await gate.ReleaseAsync();

        (await first).ShouldBe(RebuildOutcome.Rebuilt);
        (await second).ShouldBe(RebuildOutcome.Rebuilt);

        (await Host.TotalAsync(1, "first_response"))!.Count.ShouldBe(4);
        (await Host.DifferencesAsync(1)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_rebuilds_of_a_day_write_it_once()
    {
        await AddRawDayAsync(2);
        await using var barrier = await LockBarrier.HoldAsync(Host.DataSource, AdvisoryLocks.Day(2, TestEvent.Day));
        var rebuilds = Enumerable.Range(0, 8).Select(index => index % 2 == 0 ? Host.RebuildAsync(2, TestEvent.Day) : RebuildInOtherProcessAsync(2)).ToList();
        await Sessions.ParkedAsync(Host.DataSource, Task.WhenAll(rebuilds), 4);
        await barrier.ReleaseAsync();

        var outcomes = await Task.WhenAll(rebuilds);

        outcomes.Count(outcome => outcome == RebuildOutcome.Rebuilt).ShouldBe(1);
        outcomes.Count(outcome => outcome == RebuildOutcome.Unchanged).ShouldBe(7);
    }

    [Fact]
    public async Task A_rebuild_that_waited_while_the_zone_changed_cuts_the_day_in_the_new_one()
    {
        await AddRawDayAsync(3);
        // At 2026-02-12T01:00Z it is the 11th in New York and the 12th in Tokyo.
        await Host.AddRawAsync(TestEvent.Of(3, "reply_time", 1, 1, at: NodaTime.Instant.FromUtc(2026, 2, 12, 1, 0)));
        await Host.RebuildAsync(3, TestEvent.Day);
        await using var barrier = await LockBarrier.HoldAsync(Host.DataSource, AdvisoryLocks.Account(3));
        var rebuild = Host.RebuildAsync(3, TestEvent.Day);
        await Sessions.ParkedAsync(Host.DataSource, rebuild, 1);
        await barrier.ExecuteAsync("UPDATE reporting.accounts SET reporting_timezone = 'Asia/Tokyo' WHERE id = 3");
        await barrier.ReleaseAsync();

        (await rebuild).ShouldBe(RebuildOutcome.Rebuilt);

        (await Host.DayAsync(3, TestEvent.Day)).ShouldBe(new StoredDay("Asia/Tokyo", "complete", 0));
        (await Host.RollupsAsync(3)).ShouldBeEmpty("at noon in New York it is the 12th in Tokyo");
    }

    [Fact]
    public async Task A_change_of_the_zone_waits_for_a_rebuild_and_makes_its_day_stale()
    {
        await AddRawDayAsync(4);
        await using var gate = await LockBarrier.HoldAsync(Host.DataSource, Gate.Key);
        var rebuild = Host.RebuildAsync(4, TestEvent.Day);
        await Sessions.ParkedAsync(Host.DataSource, rebuild, 1);
        var change = Other.GetRequiredService<AccountStore>().SetTimezoneAsync(4, "Asia/Tokyo");
        await Sessions.ParkedAsync(Host.DataSource, change, 2);
        change.IsCompleted.ShouldBeFalse();
        await gate.ReleaseAsync();
        await rebuild;

        await change;

        (await Host.DayAsync(4, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "dirty", 3));
    }

    private async Task AddRawDayAsync(long account)
    {
        await Host.AddAccountAsync(account);
        await Host.AddRawAsync(TestEvent.FirstResponse(account), TestEvent.FirstResponse(account), TestEvent.FirstResponse(account));
    }
}
