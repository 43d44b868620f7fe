using NodaTime;
using NodaTime.Text;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>Days that are no 24 hours long, have no midnight, or two.</summary>
public sealed class LocalDayTests
{
    [Theory]
    [InlineData("America/New_York", "2026-02-11", "2026-02-11T05:00:00Z", 24.0)]
    [InlineData("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", 23.0)]
    [InlineData("America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", 25.0)]
    public void A_day_of_New_York_has_23_24_or_25_hours(string zone, string date, string start, double hours) => Check(zone, date, start, hours);

    [Fact]
    public void A_day_without_midnight_in_Cairo_starts_at_one() => Check("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", 23);

    [Fact]
    public void A_day_without_midnight_in_Beirut_starts_at_one() => Check("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z", 23);

    [Fact]
    public void A_day_that_Apia_skipped_is_empty_and_its_neighbours_touch()
    {
        Check("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0);
        Check("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", 24);
        Check("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 24);

        var zone = TimeZones.Find("Pacific/Apia");
        LocalDay.Containing(Instant.FromUtc(2011, 12, 30, 10, 0), zone).Date.ShouldBe(new LocalDate(2011, 12, 31));
        LocalDay.Containing(Instant.FromUtc(2011, 12, 30, 9, 59), zone).Date.ShouldBe(new LocalDate(2011, 12, 29));
    }

    [Theory]
    [InlineData("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", 24.5)]
    [InlineData("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", 23.5)]
    [InlineData("Asia/Kathmandu", "2026-04-05", "2026-04-04T18:15:00Z", 24.0)]
    [InlineData("America/St_Johns", "2026-03-08", "2026-03-08T03:30:00Z", 23.0)]
    [InlineData("America/St_Johns", "2006-10-29", "2006-10-29T02:30:00Z", 25.0)]
    [InlineData("Antarctica/Troll", "2026-03-29", "2026-03-29T00:00:00Z", 22.0)]
    public void Offsets_need_not_be_whole_hours(string zone, string date, string start, double hours) => Check(zone, date, start, hours);

    [Fact]
    public void A_double_midnight_starts_its_day_the_first_time()
    {
        // Havana, 2025-11-02: at one o'clock the clock goes back to midnight.
        Check("America/Havana", "2025-11-02", "2025-11-02T04:00:00Z", 25);
        Check("America/Havana", "2025-11-01", "2025-11-01T04:00:00Z", 24);
    }

    [Fact]
    public void An_hour_that_shows_the_old_date_again_belongs_to_the_new_day()
    {
        // Sao Paulo, 2018-02-18: at midnight the clock goes back to 23:00 of the 17th.
        var zone = TimeZones.Find("America/Sao_Paulo");
        var turn = Instant.FromUtc(2018, 2, 18, 2, 0);

        turn.InZone(zone).Date.ShouldBe(new LocalDate(2018, 2, 17));
        LocalDay.Containing(turn - Duration.Epsilon, zone).Date.ShouldBe(new LocalDate(2018, 2, 17));
        // Midnight of the 18th is shown once, an hour later: the 17th has 25 hours.
        LocalDay.Containing(turn, zone).Date.ShouldBe(new LocalDate(2018, 2, 17));
        LocalDay.Of(new LocalDate(2018, 2, 17), zone).Length.ShouldBe(Duration.FromHours(25));
    }

    [Fact]
    public void A_clock_set_back_over_a_midnight_that_it_had_shown_does_not_reopen_the_old_day()
    {
        // St John's, 2006-10-29: at 00:01 the clock goes back to 23:01 of the 28th.
        var zone = TimeZones.Find("America/St_Johns");
        var again = Instant.FromUtc(2006, 10, 29, 2, 45);

        again.InZone(zone).Date.ShouldBe(new LocalDate(2006, 10, 28));
        LocalDay.Containing(again, zone).Date.ShouldBe(new LocalDate(2006, 10, 29));
    }

    [Fact]
    public void A_day_holds_its_start_and_not_its_end()
    {
        var day = LocalDay.Of(TestEvent.Day, TimeZones.Find("America/New_York"));

        day.Contains(day.Start).ShouldBeTrue();
        day.Contains(day.Start - Duration.Epsilon).ShouldBeFalse();
        day.Contains(day.End - Duration.Epsilon).ShouldBeTrue();
        day.Contains(day.End).ShouldBeFalse();
    }

    private static void Check(string zone, string date, string start, double hours)
    {
        var day = LocalDay.Of(LocalDatePattern.Iso.Parse(date).Value, TimeZones.Find(zone));

        InstantPattern.ExtendedIso.Format(day.Start).ShouldBe(start);
        day.Length.ShouldBe(Duration.FromHours(hours));
        day.End.ShouldBe(LocalDay.Of(day.Date.PlusDays(1), TimeZones.Find(zone)).Start);
    }
}
