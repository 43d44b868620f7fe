using Npgsql;
using Shouldly;
using Tally.Reporting;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Reporting;

/// <summary>A session killed while it writes: nothing of it is there, and doing it again does it.</summary>
public sealed class KilledSessionTests(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    public async Task InitializeAsync()
    {
        if (!await host.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'wait_at_gate')")) await Gate.BuildAsync(host);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_live_event_killed_half_way_is_nowhere_and_counts_when_it_comes_again()
    {
        await host.AddAccountAsync(1);
        var one = TestEvent.FirstResponse(1);

        await KillAsync(() => host.ApplyAsync(one));

        (await StoredEvents.ReadAsync(host.DataSource, 1)).ShouldBeEmpty();
        (await host.RollupsAsync(1)).ShouldBeEmpty();
        (await host.ApplyAsync(one)).ShouldBe([EventOutcome.Applied]);
        (await CoveredDays.CheckAsync(host.DataSource, 1)).ShouldBe(1);
    }

    [Fact]
    public async Task A_rebuild_killed_half_way_leaves_the_day_as_it_was()
    {
        await host.AddAccountAsync(2);
        await host.AddRawAsync(TestEvent.FirstResponse(2));

        await KillAsync(() => host.RebuildAsync(2, TestEvent.Day));

        (await host.RollupsAsync(2)).ShouldBeEmpty();
        (await host.DayAsync(2, TestEvent.Day)).ShouldBeNull();
        (await host.RebuildAsync(2, TestEvent.Day)).ShouldBe(RebuildOutcome.Rebuilt);
    }

    [Fact]
    public async Task A_change_of_the_zone_killed_half_way_leaves_the_zone_and_its_days()
    {
        await host.AddAccountAsync(3);
        await host.ApplyAsync(TestEvent.FirstResponse(3));

        await KillAsync(() => host.Get<AccountStore>().SetTimezoneAsync(3, "Asia/Tokyo"));

        (await host.Get<AccountStore>().FindAsync(3))!.ReportingTimezone.ShouldBe("America/New_York");
        (await CoveredDays.CheckAsync(host.DataSource, 3)).ShouldBe(1);
        (await host.Get<Backfills>().GetProgressAsync(3)).ShouldBeEmpty();
    }

    private async Task KillAsync(Func<Task> operation)
    {
        await using var gate = await LockBarrier.HoldAsync(host.DataSource, Gate.Key);
        var running = operation();
        await Sessions.ParkedAsync(host.DataSource, running, 1);
        await Eventually.HoldsAsync(() => Sessions.KillOneAsync(host.DataSource), "the session is killed");
        await Should.ThrowAsync<NpgsqlException>(() => running);
        await gate.ReleaseAsync();
    }
}
