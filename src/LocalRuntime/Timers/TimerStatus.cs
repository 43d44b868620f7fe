namespace LocalRuntime.Timers;

/// <summary>How far a schedule has come. A value: every step makes the next one.</summary>
/// <param name="Schedule">The schedule that <paramref name="Next"/> was computed with.</param>
/// <param name="Last">The start of the last run; null before the first.</param>
/// <param name="Next">The run that is due next.</param>
/// <param name="LastUpdated">When this was computed.</param>
internal sealed record TimerStatus(string Schedule, DateTimeOffset? Last, DateTimeOffset Next, DateTimeOffset LastUpdated)
{
    /// <summary>Where a starting host stands, given what the one before recorded.</summary>
    /// <remarks>Nothing recorded, or another schedule: the count starts anew, and nothing was missed.</remarks>
    public static TimerStatus AtStart(TimerStatus? recorded, TimerSchedule schedule, DateTimeOffset now) =>
        recorded?.Schedule == schedule.Text ? recorded : new TimerStatus(schedule.Text, recorded?.Last, schedule.Next(now), now);

    /// <summary>Whether a run was due while nobody listened. However many were missed, one makes up for them.</summary>
    public bool IsPastDue(DateTimeOffset now) => Next < now;

    /// <summary>The status after a run.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="started">When the run started: runs that fell due during it are skipped but for one.</param>
    /// <param name="now">When it ended.</param>
    public static TimerStatus AfterRun(TimerSchedule schedule, DateTimeOffset started, DateTimeOffset now) =>
        new(schedule.Text, started, schedule.Next(started), now);
}
