namespace Tally.Scheduling;

/// <summary>A length of time and the name by which an operator knows it.</summary>
internal sealed record TimeBox(string Name, TimeSpan Length);

/// <summary>
/// Time boxes nest: a statement is cut off before its pass, a pass fits the run's box, and a run that checks its box
/// only after a pass still ends before the host's <c>functionTimeout</c>, which would restart the whole worker process.
/// </summary>
internal static class TimeBoxes
{
    /// <summary>What must be left between the end of a run and <c>functionTimeout</c>: start-up, the last commit, a slow network.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    /// <summary>How long what must not be cancelled may take: it begins within <see cref="Margin"/> at the latest, and ends within it.</summary>
    public static readonly TimeSpan Uncancelled = Margin / 2;

    /// <summary>The first misfit, as a sentence that names both lengths and what to do; null when all fit.</summary>
    /// <param name="statement">The timeout of one SQL statement.</param>
    /// <param name="pass">The longest time between two checks of the box.</param>
    /// <param name="run">The box.</param>
    /// <param name="functionTimeout">From <see cref="FunctionTimeout"/>; <see cref="TimeSpan.MaxValue"/> is unbounded.</param>
    public static string? FindMisfit(TimeBox statement, TimeBox pass, TimeBox run, TimeBox functionTimeout)
    {
        if (statement.Length >= pass.Length) return NotShorter(statement, pass);
        if (pass.Length >= run.Length) return NotShorter(pass, run);
        return run.Length >= functionTimeout.Length - pass.Length - Margin
            ? $"{run.Name} ({run.Length:c}) does not fit into {functionTimeout.Name} ({functionTimeout.Length:c}): a run may overshoot by one pass ({pass.Length:c}) and needs a margin of {Margin:c}. Set {run.Name} below {Below(functionTimeout.Length - pass.Length - Margin)} or raise {functionTimeout.Name}."
            : null;
    }

    private static string NotShorter(TimeBox inner, TimeBox outer) =>
        $"{inner.Name} ({inner.Length:c}) must be shorter than {outer.Name} ({outer.Length:c}). Lower the first or raise the second.";

    private static string Below(TimeSpan length) => (length < TimeSpan.Zero ? TimeSpan.Zero : length).ToString("c");
}
