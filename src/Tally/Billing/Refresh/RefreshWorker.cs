using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Scheduling;

namespace Tally.Billing.Refresh;

/// <summary>Works off the days of a run, one transaction each.</summary>
internal sealed class RefreshWorker(FactRebuilder rebuild, RefreshLog runs, ILogger<RefreshWorker> logger)
{
    /// <summary>
    /// Rebuilds the run's pending days, the latest first, until none is left or the box is used up. A day that cannot be
    /// rebuilt is noted with its reason, and the others go on; an outage of the database ends the run.
    /// </summary>
    /// <param name="request">Which run, and how.</param>
    /// <param name="limiter">The box; null for none.</param>
    /// <param name="failures">Gets one exception per failed day.</param>
    /// <param name="onDay">Called after each day.</param>
    /// <returns>Whether the run is done.</returns>
    public async Task<bool> WorkOffAsync(
        RebuildRequest request, RuntimeLimiter? limiter, ICollection<Exception> failures, Action<RefreshedDay>? onDay, CancellationToken cancellationToken)
    {
        var pending = await runs.PendingAsync(request.RunId, cancellationToken);
        foreach (var (index, day) in pending.Index())
        {
            try
            {
                var result = await rebuild.RunAsync(day, request, cancellationToken);
                Log.DayRefreshed(logger, day, result.Inserted, result.Updated, result.Removed);
                Telemetry.BillingRowsChanged.Add(result.Inserted + result.Updated + result.Removed);
                Telemetry.BillingCorrections.Add(result.Held);
                if (result.Held > 0) Log.CorrectionsHeld(logger, day, result.Held);
                if (result.Kept > 0) Log.FactsKept(logger, day, result.Kept);
                onDay?.Invoke(result);
            }
            catch (Exception exception) when (Outage.IsOfTheWork(exception) || exception is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled })
            {
                var failure = Explain(day, exception);
                Log.DayFailed(logger, day, failure);
                await FailAsync(request.RunId, day, failure);
                failures.Add(failure);
            }

            if (limiter is not null && limiter.IsOverTime() && index < pending.Count - 1) return false;
        }

        await runs.CloseAsync(request.RunId, cancellationToken);
        return true;
    }

    private async Task FailAsync(Guid runId, LocalDate day, BillingException failure)
    {
        try
        {
            await runs.FailAsync(runId, day, failure.Message);
        }
        catch (Exception exception)
        {
            // What went wrong first is the one to throw; the outage that followed is its companion.
            Log.FailureNotRecorded(logger, FormattableString.Invariant($"the refresh of {day:uuuu-MM-dd}"), exception);
            throw failure;
        }
    }

    private static BillingException Explain(LocalDate day, Exception exception) => exception switch
    {
        BillingException explained => explained,
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } => new BillingException(
            FormattableString.Invariant($"{day:uuuu-MM-dd}: a statement, or its wait for the day's lock, took longer than Billing:StatementTimeout; the day was not written."), exception),
        _ => new BillingException(FormattableString.Invariant($"{day:uuuu-MM-dd}: the database refused: {exception.Message}"), exception),
    };
}
