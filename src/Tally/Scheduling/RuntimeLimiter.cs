namespace Tally.Scheduling;

/// <summary>
/// Says when a run has used up its time box. The box opens on construction. Ask after each committed pass:
/// asking first would let a box that is too small starve the work for ever.
/// </summary>
/// <remarks>Measured on the monotonic clock, so a corrected wall clock neither shortens nor stretches a run.</remarks>
internal sealed class RuntimeLimiter
{
    private readonly Func<bool> _check;

    /// <summary>Over time once <paramref name="max"/> has elapsed; exactly <paramref name="max"/> is over.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="max"/> is negative.</exception>
    public RuntimeLimiter(TimeSpan max, TimeProvider timeProvider)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(timeProvider);
        var opened = timeProvider.GetTimestamp();
        _check = () => timeProvider.GetElapsedTime(opened) >= max;
    }

    /// <summary>Over time when <paramref name="check"/> says so.</summary>
    public RuntimeLimiter(Func<bool> check) => _check = check;

    /// <summary>What the latest call of <see cref="IsOverTime"/> answered; false before the first.</summary>
    public bool WasOverTime { get; private set; }

    /// <summary>Answers "not over" <paramref name="checks"/> times, then "over" for ever.</summary>
    public static RuntimeLimiter OverAfter(int checks)
    {
        var asked = 0L;
        return new RuntimeLimiter(() => asked++ >= checks);
    }

    /// <summary>Whether the box is used up.</summary>
    public bool IsOverTime() => WasOverTime = _check();
}
