using Microsoft.Extensions.Logging;

namespace Tally.Scheduling;

/// <summary>One run of a timer: it opens the box, ends the run before the host would, and counts how it ended.</summary>
/// <remarks>
/// The box is asked between passes, and a pass is bounded by its statements, so a run as a rule ends by itself. However many
/// statements were slow, and none of them slow enough to be cut off: <see cref="TimeBoxes.Margin"/> before the host's
/// <c>functionTimeout</c>, which would restart the whole worker process, the run is cancelled. What is committed stays, and a
/// lease is given back.
/// </remarks>
public sealed class ScheduledRun
{
    private readonly TimeSpan _end;
    private readonly TimeProvider _clock;
    private readonly ILogger<ScheduledRun> _logger;

    /// <param name="functionTimeout">From <see cref="FunctionTimeout"/>; <see cref="TimeSpan.MaxValue"/> is unbounded.</param>
    /// <param name="clock">Measures box and end.</param>
    /// <param name="logger">Told of a run that had to be cancelled.</param>
    internal ScheduledRun(TimeSpan functionTimeout, TimeProvider clock, ILogger<ScheduledRun> logger)
    {
        _end = functionTimeout == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : functionTimeout - TimeBoxes.Margin;
        (_clock, _logger) = (clock, logger);
    }

    /// <summary>Runs the work within its box.</summary>
    /// <param name="function">The timer's function.</param>
    /// <param name="box">The box.</param>
    /// <param name="work">Asks the box, and says how it ended.</param>
    /// <param name="cancellationToken">Ends the run with an exception.</param>
    /// <returns>How it ended: <see cref="RunOutcome.TimeUp"/> also when it was cancelled for the time.</returns>
    internal async Task<RunOutcome> RunAsync(
        string function, TimeSpan box, Func<RuntimeLimiter, CancellationToken, Task<RunOutcome>> work, CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource(_end, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, end.Token);
        RunOutcome outcome;
        try
        {
            outcome = await work(new RuntimeLimiter(box, _clock), either.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Log.RunCutOff(_logger, function, box, _end);
            outcome = RunOutcome.TimeUp;
        }

        Telemetry.CountRun(function, outcome);
        return outcome;
    }
}
