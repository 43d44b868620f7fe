namespace LocalRuntime.QueueTriggers;

/// <summary>
/// The host's pauses between looks at an empty queue: the minimum, then the minimum plus 1, 2, 4, ... times the minimum,
/// each increment scattered by a fifth, until the maximum. A value: each look makes the next one.
/// </summary>
/// <param name="Minimum">The pause after a look that found something.</param>
/// <param name="Maximum">The longest pause.</param>
internal sealed record QueueBackoff(TimeSpan Minimum, TimeSpan Maximum)
{
    /// <summary>The host's fixed minimum.</summary>
    public static readonly TimeSpan HostMinimum = TimeSpan.FromMilliseconds(100);

    /// <summary>The pause to make now.</summary>
    public TimeSpan Pause { get; private init; }

    private int EmptyLooks { get; init; }

    /// <summary>The state after another look.</summary>
    /// <param name="found">Whether it found messages.</param>
    /// <param name="jitter">Between 0 and 1; scatters the listeners of several hosts.</param>
    public QueueBackoff Next(bool found, double jitter)
    {
        if (found) return this with { Pause = Minimum, EmptyLooks = 1 };
        if (EmptyLooks > 0 && Pause == Maximum) return this;

        var increment = EmptyLooks == 0 ? TimeSpan.Zero : Minimum * ((0.8 + (0.4 * jitter)) * Math.Pow(2, EmptyLooks - 1));
        var pause = Minimum + increment;
        return pause < Maximum ? this with { Pause = pause, EmptyLooks = EmptyLooks + 1 } : this with { Pause = Maximum, EmptyLooks = EmptyLooks + 1 };
    }
}
