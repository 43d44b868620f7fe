using LocalRuntime.Timers;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Timers;

public sealed class TimerStatusTests
{
    private static readonly TimerSchedule Hourly = TimerSchedule.Parse("0 0 * * * *");
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_new_timer_waits_for_its_first_time()
    {
        var status = TimerStatus.AtStart(null, Hourly, Noon.AddMinutes(10));

        status.ShouldBe(new TimerStatus("0 0 * * * *", null, Noon.AddHours(1), Noon.AddMinutes(10)));
        status.IsPastDue(Noon.AddMinutes(10)).ShouldBeFalse();
    }

    [Fact]
    public void A_run_that_was_due_while_nobody_listened_is_past_due()
    {
        var recorded = new TimerStatus("0 0 * * * *", Noon.AddHours(-1), Noon, Noon.AddHours(-1));

        TimerStatus.AtStart(recorded, Hourly, Noon.AddHours(5)).IsPastDue(Noon.AddHours(5)).ShouldBeTrue();
    }

    [Fact]
    public void A_restart_before_the_next_run_is_not_past_due()
    {
        var recorded = new TimerStatus("0 0 * * * *", Noon.AddHours(-1), Noon, Noon.AddHours(-1));

        TimerStatus.AtStart(recorded, Hourly, Noon.AddSeconds(-1)).IsPastDue(Noon.AddSeconds(-1)).ShouldBeFalse();
    }

    [Fact]
    public void Another_schedule_counts_anew_and_has_missed_nothing()
    {
        var recorded = new TimerStatus("0 0 0 * * *", Noon.AddDays(-9), Noon.AddDays(-8), Noon.AddDays(-9));

        var status = TimerStatus.AtStart(recorded, Hourly, Noon);

        status.IsPastDue(Noon).ShouldBeFalse();
        status.Next.ShouldBe(Noon.AddHours(1));
        status.Last.ShouldBe(Noon.AddDays(-9));
    }

    [Fact]
    public void However_many_runs_were_missed_one_makes_up_for_them()
    {
        var start = Noon.AddDays(3);

        var status = TimerStatus.AfterRun(Hourly, start, start.AddSeconds(2));

        status.Next.ShouldBe(start.AddHours(1));
        status.IsPastDue(start.AddSeconds(2)).ShouldBeFalse();
    }

    [Fact]
    public void Runs_that_fall_due_during_a_long_run_leave_one_to_be_made_at_once()
    {
        var status = TimerStatus.AfterRun(Hourly, Noon, Noon.AddMinutes(150));

        status.Next.ShouldBe(Noon.AddHours(1));
        TimerStatus.AfterRun(Hourly, Noon.AddMinutes(150), Noon.AddMinutes(151)).Next.ShouldBe(Noon.AddHours(3));
    }
}
