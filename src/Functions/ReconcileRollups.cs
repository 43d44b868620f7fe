using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Reconcile;
using Tally.Scheduling;

namespace Tally.Functions;

/// <summary>Verifies the last days of every account, and queues what has to be rebuilt.</summary>
public sealed class ReconcileRollups(RollupReconciler reconciler, BackfillSender sender, ScheduledRun run, TimeProvider clock, IOptions<ReportingOptions> options)
{
    [Function(nameof(ReconcileRollups))]
    public Task RunAsync([TimerTrigger(Schedules.Reconcile)] TimerInfo timer, CancellationToken cancellationToken) =>
        run.RunAsync(nameof(ReconcileRollups), options.Value.MaxRuntime, RunAsync, cancellationToken);

    private async Task<RunOutcome> RunAsync(RuntimeLimiter limiter, CancellationToken cancellationToken)
    {
        var result = await reconciler.RunAsync(limiter, cancellationToken);
        // What is to be rebuilt is on record; what this run does not put, FinishWork does.
        await sender.SendOwedAsync(new RuntimeLimiter(TimeBoxes.Margin / 2, clock).IsOverTime, young: true, cancellationToken);
        return result.Outcome;
    }
}
