using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Accounts;

/// <summary>A change of the zone while events are being applied and days rebuilt, from New York to Tokyo.</summary>
public sealed class ZoneChangeRaceTests(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    // In New York it is the 11th, in Tokyo the 12th.
    private static readonly Instant Evening = Instant.FromUtc(2026, 2, 12, 1, 0);
    private static readonly LocalDate DayInTokyo = new(2026, 2, 12);

    private ServiceProvider _other = null!;

    public Task InitializeAsync()
    {
        _other = host.NewServices();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        (await Sessions.CountDeadlocksAsync(host.DataSource)).ShouldBe(0);
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task A_live_event_that_began_under_the_old_zone_is_in_the_rebuild_of_its_new_day()
    {
        await host.AddAccountAsync(1);
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Day(1, TestEvent.Day));
        var live = host.ApplyAsync(TestEvent.FirstResponse(1, at: Evening));
        await Sessions.ParkedAsync(host.DataSource, live, 1);
        var change = _other.GetRequiredService<AccountStore>().SetTimezoneAsync(1, "Asia/Tokyo");
        await Sessions.ParkedAsync(host.DataSource, change, 2);
        change.IsCompleted.ShouldBeFalse("the event is being counted in the old zone");
        // Another process's rebuild of the day that the event has in Tokyo; its lock is not the one that the event holds.
        var rebuild = RebuildAfterAsync(change, 1, DayInTokyo);
        await barrier.ReleaseAsync();
        await Task.WhenAll(live, change, rebuild);

        (await host.RollupsAsync(1)).Where(row => row.Date == DayInTokyo).Select(row => row.Count).ShouldBe([1, 1, 1]);
        await host.RunAsync((await change).Backfill!);
        (await host.RollupsAsync(1)).Select(row => (row.Date, row.Count)).Distinct().ShouldBe([(DayInTokyo, 1)]);
        (await CoveredDays.CheckAsync(host.DataSource, 1)).ShouldBe(2);
    }

    [Fact]
    public async Task A_rebuild_that_queued_behind_the_change_sees_the_event_before_it()
    {
        await host.AddAccountAsync(2);
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Day(2, TestEvent.Day));
        var live = host.ApplyAsync(TestEvent.FirstResponse(2, at: Evening));
        await Sessions.ParkedAsync(host.DataSource, live, 1);
        var change = _other.GetRequiredService<AccountStore>().SetTimezoneAsync(2, "Asia/Tokyo");
        await Sessions.ParkedAsync(host.DataSource, change, 2);
        // It remembers New York, and finds Tokyo when its turn comes.
        var rebuild = host.RebuildAsync(2, DayInTokyo);
        await Sessions.ParkedAsync(host.DataSource, rebuild, 3);
        rebuild.IsCompleted.ShouldBeFalse();
        await barrier.ReleaseAsync();
        await Task.WhenAll(live, change, rebuild);

        (await host.RollupsAsync(2)).Where(row => row.Date == DayInTokyo).Select(row => row.Count).ShouldBe([1, 1, 1]);
        (await host.DayAsync(2, DayInTokyo)).ShouldBe(new StoredDay("Asia/Tokyo", "complete", 1));
    }

    [Fact]
    public async Task A_batch_that_was_cut_before_the_change_is_cut_again_after_it()
    {
        await host.AddAccountAsync(3);
        await host.AddAccountAsync(4);
        await host.ApplyAsync(TestEvent.Of(3, "unknown"), TestEvent.Of(4, "unknown"));
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Account(3));
        var live = host.ApplyAsync(TestEvent.FirstResponse(3, at: Evening), TestEvent.FirstResponse(4, at: Evening), TestEvent.Handoff(3, 1, at: Evening));
        await Sessions.ParkedAsync(host.DataSource, live, 1);
        await barrier.ExecuteAsync("UPDATE reporting.accounts SET reporting_timezone = 'Asia/Tokyo' WHERE id = 3");
        await barrier.ReleaseAsync();

        (await live).ShouldAllBe(outcome => outcome == EventOutcome.Applied);

        (await host.RollupsAsync(3)).ShouldAllBe(row => row.Date == DayInTokyo && row.Count == 1);
        (await host.RollupsAsync(3)).Count.ShouldBe(6);
        (await host.RollupsAsync(4)).ShouldAllBe(row => row.Date == TestEvent.Day);
        (await StoredEvents.ReadAsync(host.DataSource, 3)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task An_event_that_waited_while_the_zone_was_cleared_is_stored_and_not_rolled_up()
    {
        await host.AddAccountAsync(5);
        await host.ApplyAsync(TestEvent.Of(5, "unknown"));
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Account(5));
        var live = host.ApplyAsync(TestEvent.FirstResponse(5));
        await Sessions.ParkedAsync(host.DataSource, live, 1);
        await barrier.ExecuteAsync("UPDATE reporting.accounts SET reporting_timezone = NULL WHERE id = 5");
        await barrier.ReleaseAsync();

        (await live).ShouldBe([EventOutcome.Applied]);

        (await host.RollupsAsync(5)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Events_of_another_account_go_on_while_a_zone_changes()
    {
        await host.AddAccountAsync(6);
        await host.AddAccountAsync(7);
        AdvisoryLocks.Account(6).ShouldNotBe(AdvisoryLocks.Account(7), "they do not happen to share a lock");
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Account(6));

        (await host.ApplyAsync(TestEvent.FirstResponse(7))).ShouldBe([EventOutcome.Applied]);
    }

    [Fact]
    public async Task Two_changes_at_once_leave_the_later_zone_and_both_requests()
    {
        await host.AddAccountAsync(8);
        await host.ApplyAsync(TestEvent.FirstResponse(8));
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Account(8));
        var first = host.Get<AccountStore>().SetTimezoneAsync(8, "Asia/Tokyo");
        await Sessions.ParkedAsync(host.DataSource, first, 1);
        var second = _other.GetRequiredService<AccountStore>().SetTimezoneAsync(8, "Asia/Kathmandu");
        await Sessions.ParkedAsync(host.DataSource, second, 2);
        await barrier.ReleaseAsync();
        await Task.WhenAll(first, second);

        (await second).PreviousTimezone.ShouldBe("Asia/Tokyo");
        await host.RunAsync((await first).Backfill!);
        await host.RunAsync((await second).Backfill!);
        (await host.Get<AccountStore>().FindAsync(8))!.ReportingTimezone.ShouldBe("Asia/Kathmandu");
        (await host.DifferencesAsync(8)).ShouldBeEmpty();
        (await CoveredDays.CheckAsync(host.DataSource, 8)).ShouldBe(2);
    }

    private async Task RebuildAfterAsync(Task<TimezoneChange> change, long account, LocalDate date)
    {
        await change;
        await _other.GetRequiredService<BackfillWorker>().RebuildAsync($$"""{"accountId": {{account}}, "date": "{{date:uuuu-MM-dd}}"}""", "message");
    }
}
