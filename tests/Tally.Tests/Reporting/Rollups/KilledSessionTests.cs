using Npgsql;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Retention;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Rollups;

/// <summary>A session killed while it writes: nothing of it is there, and doing it again does it.</summary>
public sealed class KilledSessionTests(ReportingHost host) : RaceTest(host)
{
    [Fact]
    public async Task A_live_event_killed_half_way_is_nowhere_and_counts_when_it_comes_again()
    {
        await Host.AddAccountAsync(1);
        var one = TestEvent.FirstResponse(1);

        await KillAsync(() => Host.ApplyAsync(one));

        (await StoredEvents.ReadAsync(Host.DataSource, 1)).ShouldBeEmpty();
        (await Host.RollupsAsync(1)).ShouldBeEmpty();
        (await Host.ApplyAsync(one)).ShouldBe([EventOutcome.Applied]);
        (await CoveredDays.CheckAsync(Host.DataSource, 1)).ShouldBe(1);
    }

    [Fact]
    public async Task A_rebuild_killed_half_way_leaves_the_day_as_it_was()
    {
        await Host.AddAccountAsync(2);
        await Host.AddRawAsync(TestEvent.FirstResponse(2));

        await KillAsync(() => Host.Get<DayRebuilder>().RebuildAsync(new DayTarget(2, TestEvent.Day), CancellationToken.None));

        (await Host.RollupsAsync(2)).ShouldBeEmpty();
        (await Host.DayAsync(2, TestEvent.Day)).ShouldBeNull();
        (await Host.RebuildAsync(2, TestEvent.Day)).ShouldBe(RebuildOutcome.Rebuilt);
    }

    [Fact]
    public async Task A_days_message_survives_a_killed_session_within_its_invocation()
    {
        await Host.AddAccountAsync(3);
        await Host.AddRawAsync(TestEvent.FirstResponse(3));
        await using var gate = await LockBarrier.HoldAsync(Host.DataSource, Gate.Key);
        var rebuild = Host.RebuildAsync(3, TestEvent.Day);
        await Sessions.ParkedAsync(Host.DataSource, rebuild, 1);

        (await Sessions.KillWaitingAsync(Host.DataSource)).ShouldBe(1);
        await gate.ReleaseAsync();

        (await rebuild).ShouldBe(RebuildOutcome.Rebuilt);
        (await CoveredDays.CheckAsync(Host.DataSource, 3)).ShouldBe(1);
    }

    [Fact]
    public async Task A_change_of_the_zone_killed_half_way_leaves_the_zone_and_its_days()
    {
        await Host.AddAccountAsync(4);
        // An event of the future makes the change write a day.
        await Host.ApplyAsync(TestEvent.FirstResponse(4), TestEvent.FirstResponse(4, at: Host.Clock.GetCurrentInstant() + NodaTime.Duration.FromDays(2)));

        await KillAsync(() => Host.Get<AccountStore>().SetTimezoneAsync(4, "Asia/Tokyo"));

        (await Host.Get<AccountStore>().FindAsync(4))!.ReportingTimezone.ShouldBe("America/New_York");
        (await CoveredDays.CheckAsync(Host.DataSource, 4)).ShouldBe(2);
        (await Host.Get<BackfillRequests>().GetProgressAsync(4)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_purge_killed_half_way_leaves_the_day_whole()
    {
        await Host.AddAccountAsync(5);
        await Host.ApplyAsync(TestEvent.FirstResponse(5), TestEvent.FirstResponse(5));

        await KillAsync(() => Host.Get<EventPurger>().PurgeAsync(5, TestEvent.Day.PlusDays(1)));

        (await StoredEvents.ReadAsync(Host.DataSource, 5)).Count.ShouldBe(2);
        (await Host.DayAsync(5, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "live", 2));
        (await Host.ScalarAsync<long>("SELECT count(*) FROM reporting.purged_events WHERE account_id = 5")).ShouldBe(0);
        (await Host.Get<EventPurger>().PurgeAsync(5, TestEvent.Day.PlusDays(1))).EventsPurged.ShouldBe(2);
    }

    /// <summary>Kills the operation's session when it has begun to write.</summary>
    private async Task KillAsync(Func<Task> operation)
    {
        await using var gate = await LockBarrier.HoldAsync(Host.DataSource, Gate.Key);
        var running = operation();
        await Sessions.ParkedAsync(Host.DataSource, running, 1);
        (await Sessions.KillWaitingAsync(Host.DataSource)).ShouldBe(1);
        await Should.ThrowAsync<NpgsqlException>(() => running);
        await gate.ReleaseAsync();
    }
}
