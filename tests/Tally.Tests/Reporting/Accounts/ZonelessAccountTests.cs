using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Accounts;

/// <summary>Accounts without a zone that days could be cut in.</summary>
public sealed class ZonelessAccountTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    [Theory]
    [InlineData(9, null)]
    [InlineData(10, "Invalid/Zone")]
    [InlineData(101, "")]
    public async Task Without_a_valid_zone_events_are_stored_and_nothing_is_rolled_up(long account, string? zone)
    {
        await host.AddAccountAsync(account, zone);

        (await host.ApplyAsync(TestEvent.Of(account, "conversation_resolved", 1, 1), TestEvent.Handoff(account, 1))).ShouldBe([EventOutcome.Applied, EventOutcome.Applied]);

        (await StoredEvents.ReadAsync(host.DataSource, account)).Count.ShouldBe(2);
        (await host.RollupsAsync(account)).ShouldBeEmpty();
        (await host.DayAsync(account, TestEvent.Day)).ShouldBeNull();
    }

    [Fact]
    public async Task A_redelivered_event_of_a_zoneless_account_is_a_duplicate()
    {
        await host.AddAccountAsync(11, null);
        var one = TestEvent.FirstResponse(11);

        (await host.ApplyAsync(one, one)).ShouldBe([EventOutcome.Applied, EventOutcome.Duplicate]);
        (await host.ApplyAsync(one)).ShouldBe([EventOutcome.Duplicate]);
        (await host.ApplyAsync(one with { Value = 1 })).ShouldBe([EventOutcome.Conflict]);
    }

    [Fact]
    public async Task Accounts_with_and_without_zone_share_a_batch()
    {
        await host.AddAccountAsync(12, null);
        await host.AddAccountAsync(13);

        await host.ApplyAsync(TestEvent.FirstResponse(12), TestEvent.FirstResponse(13), TestEvent.FirstResponse(12));

        (await host.RollupsAsync(12)).ShouldBeEmpty();
        (await host.TotalAsync(13, "first_response"))!.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(14, null, "Account 14 has no reporting timezone. Set one with 'tally account set-timezone 14 ZONE'.")]
    [InlineData(15, "Invalid/Zone", "Account 15 has the unknown reporting timezone 'Invalid/Zone'. Set another with 'tally account set-timezone 15 ZONE'.")]
    public async Task Their_days_cannot_be_planned_rebuilt_or_verified(long account, string? zone, string message)
    {
        await host.AddAccountAsync(account, zone);

        (await Should.ThrowAsync<MissingTimeZoneException>(() => host.RebuildAsync(account, TestEvent.Day))).Message.ShouldBe(message);
        (await Should.ThrowAsync<MissingTimeZoneException>(() => host.Get<BackfillPlanner>().PlanAsync(account))).Message.ShouldBe(message);
        (await Should.ThrowAsync<MissingTimeZoneException>(() => host.Get<RollupVerifier>().VerifyAsync(account))).Message.ShouldBe(message);
    }

    [Fact]
    public async Task An_account_that_another_process_gives_a_zone_can_be_rebuilt_at_once()
    {
        await host.AddAccountAsync(16, null);
        await host.ApplyAsync(TestEvent.FirstResponse(16));
        await using var commandLine = host.NewServices();
        var change = await ((AccountStore)commandLine.GetService(typeof(AccountStore))!).SetTimezoneAsync(16, "America/New_York");

        await host.RunAsync(change.Backfill!);

        (await host.TotalAsync(16, "first_response"))!.Count.ShouldBe(1);
        (await host.Get<BackfillRequests>().GetProgressAsync(16)).Single().State.ShouldBe("completed");
    }

    [Fact]
    public async Task The_first_zone_calls_for_the_whole_history_and_covers_no_day_before_it()
    {
        await host.AddAccountAsync(17, null);
        await host.ApplyAsync(TestEvent.FirstResponse(17, at: TestEvent.Noon - Duration.FromDays(3)), TestEvent.FirstResponse(17));

        var change = await host.Get<AccountStore>().SetTimezoneAsync(17, "America/New_York");

        change.PreviousTimezone.ShouldBeNull();
        (change.Backfill!.FromDate, change.Backfill.ToDate).ShouldBe((TestEvent.Day.PlusDays(-3), TestEvent.Day));
        // The clock shows 05:00 of the 12th, and no event of that day came before the zone.
        await host.ApplyAsync(TestEvent.FirstResponse(17, at: host.Clock.GetCurrentInstant()));
        (await CoveredDays.CheckAsync(host.DataSource, 17)).ShouldBe(1);
        await host.RunAsync(change.Backfill);
        (await CoveredDays.CheckAsync(host.DataSource, 17)).ShouldBe(3);
    }

    [Fact]
    public async Task An_event_dated_ahead_that_came_before_the_zone_leaves_its_day_uncovered()
    {
        await host.AddAccountAsync(18, null);
        var tomorrow = host.Clock.GetCurrentInstant() + Duration.FromDays(1);
        await host.ApplyAsync(TestEvent.FirstResponse(18, at: tomorrow));

        await host.Get<AccountStore>().SetTimezoneAsync(18, "Asia/Kathmandu");
        await host.ApplyAsync(TestEvent.FirstResponse(18, at: tomorrow));

        (await host.DayAsync(18, RollupModel.DateOf(tomorrow, TimeZones.Find("Asia/Kathmandu"))))!.State.ShouldBe("dirty");
        (await CoveredDays.CheckAsync(host.DataSource, 18)).ShouldBe(0);
    }
}
