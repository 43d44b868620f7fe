using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Events;

/// <summary>One id with two times: the locks of two days do not keep such writers apart, the key of the raw events does.</summary>
public sealed class SameIdRaceTests(ReportingHost host) : RaceTest(host)
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, -1)]
    public async Task The_same_id_on_two_days_at_once_is_applied_once_and_in_conflict_once(long account, int days)
    {
        await Host.AddAccountAsync(account);
        var one = TestEvent.Of(account, "conversation_resolved", 120, 45);
        var other = one with { CreatedAt = one.CreatedAt + Duration.FromDays(days) };
        await using var gate = await LockBarrier.HoldAsync(Host.DataSource, Gate.Key);
        // Both have found nothing, and are about to write; whose row comes first is the scheduler's choice.
        var first = Host.ApplyAsync(one);
        await Sessions.ParkedAsync(Host.DataSource, first, 1);
        var second = ApplyInOtherProcessAsync(other);
        await Sessions.ParkedAsync(Host.DataSource, second, 2);
        (first.IsCompleted, second.IsCompleted).ShouldBe((false, false));
        await gate.ReleaseAsync();

        EventOutcome[] outcomes = [.. await first, .. await second];
        outcomes.ShouldBe([EventOutcome.Applied, EventOutcome.Conflict], ignoreOrder: true);

        var isFirst = outcomes[0] == EventOutcome.Applied;
        (await StoredEvents.ReadAsync(Host.DataSource, account)).ShouldBe([isFirst ? one : other]);
        var (day, otherDay) = (TestEvent.Day.PlusDays(isFirst ? 0 : days), TestEvent.Day.PlusDays(isFirst ? days : 0));
        (await Host.RollupsAsync(account)).ShouldAllBe(row => row.Date == day && row.Count == 1);
        (await Host.DayAsync(account, day)).ShouldBe(new StoredDay("America/New_York", "live", 1));
        (await Host.DayAsync(account, otherDay)).ShouldBeNull();
        (await CoveredDays.CheckAsync(Host.DataSource, account)).ShouldBe(1);
    }
}
