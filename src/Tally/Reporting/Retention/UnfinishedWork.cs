using Microsoft.Extensions.Logging;
using Tally.Reporting.Backfill;
using Tally.Reporting.Poison;
using Tally.Scheduling;

namespace Tally.Reporting.Retention;

/// <summary>
/// Finishes what a command or a function began and could not end: requests that never came to their queue, erasures that were
/// broken off, poison messages that are on no record.
/// </summary>
public sealed class UnfinishedWork
{
    private readonly BackfillSender _queue;
    private readonly AccountEraser _eraser;
    private readonly PoisonSweep _poison;
    private readonly ILogger<UnfinishedWork> _logger;

    internal UnfinishedWork(BackfillSender queue, AccountEraser eraser, PoisonSweep poison, ILogger<UnfinishedWork> logger) =>
        (_queue, _eraser, _poison, _logger) = (queue, eraser, poison, logger);

    /// <summary>Finishes what there is, as far as there is time; the next run goes on. Erasures do not wait for the queue.</summary>
    internal async Task<RunOutcome> RunAsync(RuntimeLimiter limiter, CancellationToken cancellationToken = default)
    {
        var erased = await _eraser.ResumeUnfinishedAsync(limiter.IsOverTime, cancellationToken);
        var sent = limiter.WasOverTime ? 0 : await _queue.SendOwedAsync(limiter.IsOverTime, cancellationToken: cancellationToken);
        if (erased + sent > 0) Log.UnfinishedWorkDone(_logger, erased, sent);
        var recorded = limiter.WasOverTime ? 0 : await _poison.RunAsync(limiter, cancellationToken);
        return limiter.WasOverTime ? RunOutcome.TimeUp : erased + sent + recorded > 0 ? RunOutcome.Completed : RunOutcome.NothingDue;
    }
}
