using NodaTime;
using Shouldly;
using Tally.Reporting.Reports;
using Xunit;

namespace Tally.Tests.Reporting.Reports;

public sealed class ReportBucketsTests
{
    [Fact]
    public void The_hour_that_comes_twice_is_two_buckets() =>
        Hours("America/New_York", new(2026, 11, 1, 0, 0), 4).ShouldBe(["04:00Z 00:00", "05:00Z 01:00", "06:00Z 01:00", "07:00Z 02:00"]);

    [Fact]
    public void The_hour_that_is_skipped_is_no_bucket() =>
        Hours("America/New_York", new(2026, 3, 8, 0, 0), 3).ShouldBe(["05:00Z 00:00", "06:00Z 01:00", "07:00Z 03:00"]);

    [Fact]
    public void A_change_of_half_an_hour_begins_a_bucket_of_its_own() =>
        Hours("Australia/Lord_Howe", new(2026, 4, 5, 1, 0), 3).ShouldBe(["14:00Z 01:00", "15:00Z 01:30", "15:30Z 02:00"]);

    [Fact]
    public void Hours_of_a_zone_off_the_hour_begin_when_its_clock_shows_them() =>
        Hours("Asia/Kathmandu", new(2026, 1, 1, 10, 0), 2).ShouldBe(["04:15Z 10:00", "05:15Z 11:00"]);

    [Fact]
    public void A_day_that_the_zone_never_had_is_no_bucket()
    {
        var zone = DateTimeZoneProviders.Tzdb["Pacific/Apia"];
        var from = zone.AtStartOfDay(new(2011, 12, 29)).ToInstant();
        ReportBuckets.Of(from, from + Duration.FromDays(2), ReportPeriod.Day, zone).All.Select(bucket => bucket.Local.Date)
            .ShouldBe([new LocalDate(2011, 12, 29), new LocalDate(2011, 12, 31)]);
    }

    [Fact]
    public void A_day_without_midnight_begins_at_its_first_instant()
    {
        var zone = DateTimeZoneProviders.Tzdb["Africa/Cairo"];
        ReportBuckets.Of(Instant.FromUtc(2026, 4, 24, 12, 0), Instant.FromUtc(2026, 4, 24, 13, 0), ReportPeriod.Day, zone).All.Single().Start
            .ShouldBe(Instant.FromUtc(2026, 4, 23, 22, 0));
    }

    [Theory]
    [InlineData(nameof(ReportPeriod.Week), "2026-02-08 2026-02-15")]
    [InlineData(nameof(ReportPeriod.Month), "2026-02-01")]
    [InlineData(nameof(ReportPeriod.Year), "2026-01-01")]
    public void Periods_are_those_that_hold_the_range(string periodName, string dates)
    {
        var period = Enum.Parse<ReportPeriod>(periodName);
        var buckets = ReportBuckets.Of(Instant.FromUtc(2026, 2, 14, 12, 0), Instant.FromUtc(2026, 2, 15, 0, 1), period, DateTimeZone.Utc);
        string.Join(' ', buckets.All.Select(bucket => $"{bucket.Local.Date:uuuu-MM-dd}")).ShouldBe(dates);
        buckets.IndexOf(Instant.FromUtc(2026, 2, 15, 0, 0)).ShouldBe(buckets.All.Count - 1);
    }

    private static IEnumerable<string> Hours(string zoneId, LocalDateTime local, int count)
    {
        var zone = DateTimeZoneProviders.Tzdb[zoneId];
        var from = zone.AtLeniently(local).ToInstant();
        return ReportBuckets.Of(from, from + Duration.FromHours(count), ReportPeriod.Hour, zone).All.Take(count)
            .Select(bucket => $"{bucket.Start.InUtc():HH:mm}Z {bucket.Local:HH:mm}");
    }
}
