using System.Diagnostics;
using Tally.Scheduling;

namespace Tally.Benchmarks.ValueStream;

/// <summary>A time box that keeps the longest time between two questions to it.</summary>
internal sealed class CheckpointWatch
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _last;

    /// <param name="box">When it closes; never unless given.</param>
    public CheckpointWatch(TimeSpan? box = null)
    {
        _last = _started;
        Limiter = new RuntimeLimiter(() =>
        {
            var now = Stopwatch.GetTimestamp();
            if (Stopwatch.GetElapsedTime(_last, now) is var gap && gap > LongestGap) LongestGap = gap;
            _last = now;
            return Elapsed >= box;
        });
    }

    public RuntimeLimiter Limiter { get; }

    public TimeSpan LongestGap { get; private set; }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);
}
