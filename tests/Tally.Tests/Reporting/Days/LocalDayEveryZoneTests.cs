using NodaTime;
using NodaTime.TimeZones;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Days;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>In every zone of the database, every instant belongs to one day.</summary>
public sealed class LocalDayEveryZoneTests
{
    private static readonly LocalDate First = new(2024, 1, 1);
    private static readonly LocalDate Last = new(2027, 12, 31);
    private static readonly Duration Tick = Duration.FromTicks(1);

    [Fact]
    public void Days_of_2024_to_2027_follow_each_other_and_sum_up() => ForEveryZone(zone =>
    {
        var length = Duration.Zero;
        var end = LocalDay.Of(First, zone).Start;
        for (var date = First; date <= Last; date = date.PlusDays(1))
        {
            var day = LocalDay.Of(date, zone);
            if (day.Start != end || day.End < day.Start) return $"{date} starts at {day.Start}, the day before ends at {end}";
            (end, length) = (day.End, length + day.Length);
        }

        var (start, after) = (zone.AtStartOfDay(First).ToInstant(), zone.AtStartOfDay(Last.PlusDays(1)).ToInstant());
        return end == after && length == after - start ? null : $"the days sum up to {length}, not {after - start}";
    });

    [Fact]
    public void Every_boundary_of_2024_to_2027_lies_in_one_day() => ForEveryZone(zone =>
    {
        for (var date = First; date <= Last; date = date.PlusDays(1))
        {
            var day = LocalDay.Of(date, zone);
            if (day.Length == Duration.Zero) continue;
            Instant[] inside = [day.Start, day.Start + Tick, day.End - Tick];
            if (inside.FirstOrDefault(instant => LocalDay.Containing(instant, zone) != day) is var lost && lost != default)
                return $"{lost} belongs to {date}, and to {LocalDay.Containing(lost, zone).Date}";
        }

        return null;
    });

    [Fact]
    public void Every_turn_of_a_clock_since_1970_lies_in_one_day() => ForEveryZone(zone =>
    {
        foreach (var turn in zone.GetZoneIntervals(Instant.FromUtc(1970, 1, 3, 0, 0), Instant.FromUtc(2038, 1, 1, 0, 0)).Where(interval => interval.HasEnd).Select(interval => interval.End))
        {
            foreach (var instant in new[] { turn - Duration.FromHours(24), turn - Duration.FromHours(1), turn - Tick, turn, turn + Tick, turn + Duration.FromHours(1), turn + Duration.FromHours(24) })
            {
                var day = LocalDay.Containing(instant, zone);
                if (!day.Contains(instant)) return $"{instant} is not in {day.Date}, which is said to contain it";
                if (day != LocalDay.Of(day.Date, zone)) return $"{day.Date} has two extents";
                if (LocalDay.Of(day.Date.PlusDays(-1), zone).Contains(instant) || LocalDay.Of(day.Date.PlusDays(1), zone).Contains(instant))
                    return $"{instant} is in two days, {day.Date} and a neighbour";
                if (day.Date != RollupModel.DateOf(instant, zone)) return $"{instant} belongs to {RollupModel.DateOf(instant, zone)}, not to {day.Date}";
            }
        }

        return null;
    });

    private static void ForEveryZone(Func<DateTimeZone, string?> findProblem)
    {
        var source = TzdbDateTimeZoneSource.Default;
        var ids = source.GetIds().Where(id => source.CanonicalIdMap[id] == id).ToList();
        ids.Count.ShouldBeGreaterThan(300);

        var problems = ids.AsParallel().Select(id => (id, problem: findProblem(DateTimeZoneProviders.Tzdb[id]))).Where(found => found.problem is not null).ToList();

        problems.ShouldBeEmpty();
    }
}
