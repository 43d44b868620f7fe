using System.Globalization;
using NCrontab;

namespace LocalRuntime.Timers;

/// <summary>When a timer fires. A value without state: everything is computed from the instants handed in, in UTC.</summary>
internal abstract class TimerSchedule
{
    private TimerSchedule(string text) => Text = text;

    /// <summary>The schedule as written.</summary>
    public string Text { get; }

    /// <summary>Whether it fires so seldom, at most once a minute, that its progress is worth recording.</summary>
    public abstract bool CanBeMonitored { get; }

    /// <summary>Reads an NCRONTAB expression of six fields, or five, or a time span.</summary>
    /// <exception cref="FormatException">It is neither; the message quotes it.</exception>
    public static TimerSchedule Parse(string text)
    {
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (fields.Length is 5 or 6)
        {
            var cron = CrontabSchedule.TryParse(text, new CrontabSchedule.ParseOptions { IncludingSeconds = fields.Length == 6 });
            if (cron is not null) return new CronTimerSchedule(text, cron, fields.Length == 6);
        }
        else if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval) && interval > TimeSpan.Zero)
        {
            return new IntervalTimerSchedule(text, interval);
        }

        throw new FormatException($"'{text}' is neither an NCRONTAB expression such as '0 */5 * * * *' (second, minute, hour, day, month, day of week) nor a time span such as 00:05:00");
    }

    /// <summary>The first time after <paramref name="after"/>.</summary>
    public abstract DateTimeOffset Next(DateTimeOffset after);

    private sealed class CronTimerSchedule(string text, CrontabSchedule cron, bool hasSeconds) : TimerSchedule(text)
    {
        public override bool CanBeMonitored => !hasSeconds || !FiresMoreThanOnceAMinute();

        public override DateTimeOffset Next(DateTimeOffset after) =>
            new(DateTime.SpecifyKind(cron.GetNextOccurrence(after.UtcDateTime), DateTimeKind.Utc));

        // The seconds field repeats in every minute that fires at all. The first run may be the last of its minute; the second
        // then begins a new one.
        private bool FiresMoreThanOnceAMinute()
        {
            var first = Next(DateTimeOffset.UnixEpoch);
            var second = Next(first);
            return second - first < TimeSpan.FromMinutes(1) || Next(second) - second < TimeSpan.FromMinutes(1);
        }
    }

    private sealed class IntervalTimerSchedule(string text, TimeSpan interval) : TimerSchedule(text)
    {
        public override bool CanBeMonitored => interval >= TimeSpan.FromMinutes(1);

        public override DateTimeOffset Next(DateTimeOffset after) => after + interval;
    }
}
