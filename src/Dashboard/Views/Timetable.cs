using Microsoft.Extensions.Configuration;
using NCrontab;
using NodaTime;

namespace Tally.Dashboard.Views;

/// <summary>When the timers run next, as the settings of this machine say; the function app's own may differ.</summary>
internal sealed class Timetable(IConfiguration settings)
{
    private static readonly CrontabSchedule.ParseOptions Seconds = new() { IncludingSeconds = true };

    // The kinds of run of tally_read.timers, and the setting of the timer that makes them.
    private static readonly (string Timer, string Setting)[] Timers =
    [
        ("reconcile", Schedules.Reconcile), ("purge", Schedules.Purge), ("value stream", Schedules.ValueStream),
        ("billing today", Schedules.Billing), ("billing nightly", Schedules.Billing),
    ];

    /// <summary>The names of the timers, in the order to show them in.</summary>
    public static IEnumerable<string> Names => Timers.Select(timer => timer.Timer);

    /// <summary>Null if the timer has no schedule, or one that cannot be read.</summary>
    public Instant? NextOf(string timer, Instant now)
    {
        var name = Timers.FirstOrDefault(one => one.Timer == timer).Setting?.Trim('%');
        if (name is null || CrontabSchedule.TryParse(settings[name] ?? Schedules.Defaults[name], Seconds) is not { } schedule) return null;
        return Instant.FromDateTimeUtc(DateTime.SpecifyKind(schedule.GetNextOccurrence(now.ToDateTimeUtc()), DateTimeKind.Utc));
    }
}
