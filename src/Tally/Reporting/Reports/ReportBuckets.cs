using NodaTime;
using Tally.Reporting.Days;

namespace Tally.Reporting.Reports;

/// <summary>A bucket's first instant, and what the zone's clock shows then.</summary>
internal readonly record struct ReportBucket(Instant Start, LocalDateTime Local);

/// <summary>The buckets of a range, one after the other without gap; the first holds the range's start.</summary>
/// <remarks>
/// Days and what is made of days begin as <see cref="LocalDay"/> says; one that the zone never had is left out. An hour
/// begins when the clock shows it, and where the zone changes its offset: the hour that comes twice is two buckets.
/// </remarks>
internal sealed class ReportBuckets
{
    private readonly ReportBucket[] _buckets;

    private ReportBuckets(IEnumerable<ReportBucket> buckets) => _buckets = [.. buckets.Take(ReportRequest.MaxBuckets + 1)];

    public IReadOnlyList<ReportBucket> All => _buckets;

    /// <exception cref="ReportRequestException">There are too many.</exception>
    public static ReportBuckets Of(Instant from, Instant to, ReportPeriod period, DateTimeZone zone)
    {
        var buckets = new ReportBuckets(period == ReportPeriod.Hour ? Hours(from, to, zone) : Periods(from, to, period, zone));
        return buckets._buckets.Length <= ReportRequest.MaxBuckets
            ? buckets
            : throw new ReportRequestException($"The range has more than {ReportRequest.MaxBuckets} buckets. Ask for a shorter one, or group by a longer period.");
    }

    /// <summary>The whole range as one bucket.</summary>
    public static ReportBuckets One(Instant from) => new([new ReportBucket(from, default)]);

    /// <summary>The index of the bucket that holds an instant of the range.</summary>
    public int IndexOf(Instant instant)
    {
        var index = Array.BinarySearch(_buckets, new ReportBucket(instant, default), ByStart);
        return index >= 0 ? index : ~index - 1;
    }

    private static readonly Comparer<ReportBucket> ByStart = Comparer<ReportBucket>.Create((one, other) => one.Start.CompareTo(other.Start));

    private static IEnumerable<ReportBucket> Periods(Instant from, Instant to, ReportPeriod period, DateTimeZone zone)
    {
        var date = FirstOf(LocalDay.Containing(from, zone).Date, period);
        var start = LocalDay.Of(date, zone).Start;
        while (start < to)
        {
            var next = After(date, period);
            var end = LocalDay.Of(next, zone).Start;
            if (end > start) yield return new ReportBucket(start, date.AtMidnight());
            (date, start) = (next, end);
        }
    }

    private static IEnumerable<ReportBucket> Hours(Instant from, Instant to, DateTimeZone zone)
    {
        var instant = from;
        while (instant < to)
        {
            var interval = zone.GetZoneInterval(instant);
            var local = instant.WithOffset(interval.WallOffset).LocalDateTime;
            var hour = local.Date + new LocalTime(local.Hour, 0);
            var start = hour.WithOffset(interval.WallOffset).ToInstant();
            var end = start + Duration.FromHours(1);
            yield return interval.HasStart && start < interval.Start
                ? new ReportBucket(interval.Start, interval.IsoLocalStart)
                : new ReportBucket(start, hour);
            instant = interval.HasEnd && interval.End < end ? interval.End : end;
        }
    }

    private static LocalDate FirstOf(LocalDate date, ReportPeriod period) => period switch
    {
        ReportPeriod.Week => date.PlusDays(-((int)date.DayOfWeek % 7)),
        ReportPeriod.Month => new LocalDate(date.Year, date.Month, 1),
        ReportPeriod.Year => new LocalDate(date.Year, 1, 1),
        _ => date,
    };

    private static LocalDate After(LocalDate date, ReportPeriod period) => period switch
    {
        ReportPeriod.Week => date.PlusWeeks(1),
        ReportPeriod.Month => date.PlusMonths(1),
        ReportPeriod.Year => date.PlusYears(1),
        _ => date.PlusDays(1),
    };
}
