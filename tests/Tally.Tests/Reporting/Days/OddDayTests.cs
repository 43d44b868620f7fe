using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>Events at the edges of days that are not like others: counted live and rebuilt alike, and as the model says.</summary>
public sealed class OddDayTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    [Theory]
    [InlineData(1, "Africa/Cairo", 2024, 4, 26)]
    [InlineData(2, "Asia/Beirut", 2025, 3, 30)]
    [InlineData(3, "Pacific/Apia", 2011, 12, 30)]
    public Task DST_exceptions_a_midnight_that_does_not_exist_fails_nothing(long account, string zone, int year, int month, int day) =>
        CheckAroundAsync(account, zone, new LocalDate(year, month, day));

    [Theory]
    [InlineData(4, "America/Havana", 2025, 11, 2)]
    [InlineData(5, "America/St_Johns", 2006, 10, 29)]
    public Task Double_midnight_counts_both_hours_for_the_new_day(long account, string zone, int year, int month, int day) =>
        CheckAroundAsync(account, zone, new LocalDate(year, month, day));

    [Theory]
    [InlineData(6, "Australia/Lord_Howe", 2025, 4, 6)]
    [InlineData(7, "America/New_York", 2025, 3, 9)]
    [InlineData(8, "Africa/Casablanca", 2025, 2, 23)]
    public Task Short_and_long_days_hold_their_events(long account, string zone, int year, int month, int day) =>
        CheckAroundAsync(account, zone, new LocalDate(year, month, day));

    private async Task CheckAroundAsync(long account, string zoneId, LocalDate date)
    {
        await host.AddAccountAsync(account, zoneId);
        var zone = TimeZones.Find(zoneId);
        var middle = LocalDay.Of(date, zone).Start;
        // Every half hour of three days, to the last microsecond before it.
        var events = Enumerable.Range(-48, 144)
            .Select(index => middle + Duration.FromMinutes(30 * index))
            .SelectMany(time => new[] { time, time - Duration.FromNanoseconds(1_000) })
            .Select((time, index) => TestEvent.Handoff(account, index % 5 + 1, at: time))
            .ToArray();

        await host.ApplyAsync(events);

        (await host.RollupsAsync(account)).ShouldBe(RollupModel.Of(events, zone), ignoreOrder: true);
        foreach (var day in Enumerable.Range(-2, 6).Select(date.PlusDays)) (await host.RebuildAsync(account, day)).ShouldBe(RebuildOutcome.Unchanged, day.ToString());
        (await host.DifferencesAsync(account)).ShouldBeEmpty();
    }
}
