using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Retention;
using Xunit;

namespace Tally.Tests.Reporting.Retention;

/// <summary>A purge takes whole local days, and freezes a day with the removal of its events: none is left that a rebuild would shrink.</summary>
public sealed class WholeDayPurgeTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    // Of the eleven days around the odd one, so many are purged.
    private const int Purged = 6;
    private const int EventsPerHour = 2;

    [Theory]
    [InlineData(1, "America/New_York", 2025, 3, 9)]
    [InlineData(2, "Australia/Lord_Howe", 2025, 4, 6)]
    [InlineData(3, "America/Havana", 2025, 11, 2)]
    [InlineData(4, "Africa/Cairo", 2025, 4, 25)]
    [InlineData(5, "Asia/Kathmandu", 2025, 4, 25)]
    public async Task Every_day_keeps_all_its_events_or_none_and_rebuilds_change_nothing(long account, string zoneId, int year, int month, int day)
    {
        await host.AddAccountAsync(account, zoneId);
        var zone = TimeZones.Find(zoneId);
        var days = Enumerable.Range(-5, 11).Select(offset => LocalDay.Of(new LocalDate(year, month, day).PlusDays(offset), zone)).ToList();
        foreach (var one in days) await host.ApplyAsync([.. EventsOf(account, one)]);
        var rollups = await host.RollupsAsync(account);

        (await host.Get<EventPurger>().PurgeAsync(account, days[Purged].Date)).DaysPurged.ShouldBe(Purged);

        var stored = await StoredEvents.ReadAsync(host.DataSource, account);
        foreach (var (index, one) in days.Index())
        {
            stored.Count(found => one.Contains(found.CreatedAt)).ShouldBe(index < Purged ? 0 : EventsOf(account, one).Count(), one.Date.ToString());
            (await host.DayAsync(account, one.Date))!.State.ShouldBe("live", one.Date.ToString());
            (await host.RebuildAsync(account, one.Date)).ShouldBe(RebuildOutcome.Unchanged);
        }

        (await host.RollupsAsync(account)).ShouldBe(rollups);
    }

    /// <summary>From the day's first instant to its last microsecond.</summary>
    private static IEnumerable<ReportingEvent> EventsOf(long account, LocalDay day)
    {
        for (var time = day.Start; time < day.End; time += Duration.FromHours(1) / EventsPerHour) yield return TestEvent.FirstResponse(account, at: time);
        yield return TestEvent.FirstResponse(account, at: day.End - Duration.FromNanoseconds(1_000));
    }
}
