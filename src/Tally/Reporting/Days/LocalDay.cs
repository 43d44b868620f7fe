using NodaTime;

namespace Tally.Reporting.Days;

/// <summary>
/// A calendar day of a zone, as the instants from its start up to, and without, the start of the next.
/// </summary>
/// <remarks>
/// A day starts at its first midnight: at the earlier one if the clock shows midnight twice, at the first
/// instant after the gap if it skips midnight. So the days of a zone follow each other without gap or overlap,
/// a day that the zone never had (Apia, 30 December 2011) is empty, and where a clock set back over midnight
/// shows the old date once more, those instants belong to the new day, which had begun.
/// </remarks>
internal readonly record struct LocalDay
{
    private LocalDay(LocalDate date, Instant start, Instant end)
    {
        Date = date;
        Start = start;
        End = end;
    }

    public LocalDate Date { get; }

    /// <summary>The day's first instant.</summary>
    public Instant Start { get; }

    /// <summary>The next day's first instant.</summary>
    public Instant End { get; }

    public Duration Length => End - Start;

    public bool Contains(Instant instant) => Start <= instant && instant < End;

    public static LocalDay Of(LocalDate date, DateTimeZone zone) => new(date, StartOf(date, zone), StartOf(date.PlusDays(1), zone));

    /// <summary>The one day that <paramref name="instant"/> belongs to.</summary>
    public static LocalDay Containing(Instant instant, DateTimeZone zone)
    {
        var day = Of(instant.InZone(zone).Date, zone);
        return instant < day.End ? day : Of(day.Date.PlusDays(1), zone);
    }

    private static Instant StartOf(LocalDate date, DateTimeZone zone)
    {
        var mapping = zone.MapLocal(date.AtMidnight());
        return mapping.Count == 0 ? mapping.LateInterval.Start : mapping.First().ToInstant();
    }
}
