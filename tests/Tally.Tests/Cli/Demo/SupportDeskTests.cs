using NodaTime;
using Shouldly;
using Tally.Cli.Demo.Reporting;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Xunit;

namespace Tally.Tests.Cli.Demo;

public sealed class SupportDeskTests
{
    private static readonly IReadOnlyList<ReportingEvent> Events = [.. SupportDesk.History(200_000)];
    private static readonly Dictionary<long, DateTimeZone> Zones = DemoAccount.All.ToDictionary(account => account.Id, account => account.Zone);

    [Fact]
    public void Twenty_accounts_are_in_twelve_zones_with_the_awkward_ones_among_them()
    {
        DemoAccount.All.Count.ShouldBe(20);
        var zones = DemoAccount.All.Select(account => account.ZoneId).Distinct().ToList();
        zones.Count.ShouldBe(12);
        zones.ShouldAllBe(zone => TimeZones.Find(zone).Id == zone);
        foreach (var zone in (string[])["Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana", "Africa/Cairo", "America/New_York"]) zones.ShouldContain(zone);
    }

    [Fact]
    public void The_history_has_as_many_events_as_asked_and_every_id_once()
    {
        Events.Count.ShouldBe(200_000);
        Events.Select(one => one.Id).Distinct().Count().ShouldBe(200_000);
        SupportDesk.History(1_234).Count().ShouldBe(1_234);
    }

    [Fact]
    public void The_history_is_the_same_at_every_call()
    {
        SupportDesk.History(5_000).ShouldBe(SupportDesk.History(5_000));
        SupportDesk.Live(500).ShouldBe(SupportDesk.Live(500));
    }

    [Fact]
    public void Every_account_has_events_on_every_day_of_its_history_and_on_no_other()
    {
        foreach (var account in Events.GroupBy(one => one.AccountId))
        {
            var days = account.Select(one => one.CreatedAt.InZone(Zones[account.Key]).Date).Distinct().Order().ToList();
            days[0].ShouldBe(new LocalDate(2026, 1, 1));
            days[^1].ShouldBe(new LocalDate(2026, 4, 30));
            days.Count.ShouldBeGreaterThan(115);
        }
    }

    [Fact]
    public void Clocks_change_within_the_history()
    {
        var changing = DemoAccount.All.Select(account => account.Zone).Distinct().Count(zone =>
            zone.GetZoneIntervals(Instant.FromUtc(2026, 1, 2, 0, 0), Instant.FromUtc(2026, 4, 29, 0, 0)).Count() > 1);

        changing.ShouldBe(8);
    }

    [Fact]
    public void Working_days_are_busier_than_weekends_and_afternoons_than_nights()
    {
        var local = Events.Select(one => one.CreatedAt.InZone(Zones[one.AccountId]).LocalDateTime).ToList();

        local.Count(time => time.DayOfWeek == IsoDayOfWeek.Tuesday).ShouldBeGreaterThan(2 * local.Count(time => time.DayOfWeek == IsoDayOfWeek.Sunday));
        local.Count(time => time.Hour == 14).ShouldBeGreaterThan(10 * local.Count(time => time.Hour == 3));
    }

    [Fact]
    public void Some_conversations_are_handed_over_twice_on_a_day_so_that_counting_them_once_matters()
    {
        var handoffs = Events.Where(one => one.Name == EventMetricRegistry.BotHandoff)
            .GroupBy(one => (one.AccountId, one.ConversationId, one.CreatedAt.InZone(Zones[one.AccountId]).Date));

        handoffs.Count(group => group.Count() > 1).ShouldBeGreaterThan(100);
    }

    [Fact]
    public void Live_events_are_new_ones_of_the_last_two_days()
    {
        var live = SupportDesk.Live(5_000);

        live.Count.ShouldBe(5_000);
        live.Select(one => one.Id).Intersect(Events.Select(one => one.Id)).ShouldBeEmpty();
        live.Select(one => one.CreatedAt.InZone(Zones[one.AccountId]).Date).Distinct().Order().ShouldBe([new LocalDate(2026, 4, 29), new LocalDate(2026, 4, 30)]);
    }
}
