using System.Globalization;
using LocalRuntime.Timers;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Timers;

public sealed class TimerScheduleTests
{
    [Theory]
    [InlineData("0 */5 * * * *", "2026-03-01T10:02:11Z", "2026-03-01T10:05:00Z")]
    [InlineData("0 */5 * * * *", "2026-03-01T10:05:00Z", "2026-03-01T10:10:00Z")]
    [InlineData("30 0 0 1 * *", "2026-12-31T23:59:59Z", "2027-01-01T00:00:30Z")]
    [InlineData("*/5 * * * *", "2026-03-01T10:02:11Z", "2026-03-01T10:05:00Z")]
    [InlineData("0 30 9 * * 1-5", "2026-03-06T09:30:00Z", "2026-03-09T09:30:00Z")]
    [InlineData("00:07:00", "2026-03-01T10:02:11Z", "2026-03-01T10:09:11Z")]
    public void The_next_run_is_the_first_after_the_given_time(string schedule, string after, string next) =>
        TimerSchedule.Parse(schedule).Next(Time(after)).ShouldBe(Time(next));

    [Fact]
    public void Schedules_are_in_UTC_whatever_the_offset_of_the_given_time() =>
        TimerSchedule.Parse("0 0 3 * * *").Next(Time("2026-03-29T01:30:00+02:00")).ShouldBe(Time("2026-03-29T03:00:00Z"));

    [Theory]
    [InlineData("0 * * * * *", true)]
    [InlineData("* * * * *", true)]
    [InlineData("00:01:00", true)]
    [InlineData("*/30 * * * * *", false)]
    [InlineData("0,10 0 0 * * *", false)]
    [InlineData("00:00:59", false)]
    public void Only_schedules_of_at_most_once_a_minute_are_monitored(string schedule, bool expected) =>
        TimerSchedule.Parse(schedule).CanBeMonitored.ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData("every day")]
    [InlineData("0 61 * * * *")]
    [InlineData("* * * *")]
    [InlineData("0 * * * * * *")]
    [InlineData("-00:05:00")]
    [InlineData("00:00:00")]
    public void What_is_no_schedule_is_refused_and_quoted(string text) =>
        Should.Throw<FormatException>(() => TimerSchedule.Parse(text)).Message.ShouldContain($"'{text}'");

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
