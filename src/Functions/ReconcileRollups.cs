using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Reconcile;
using Tally.Scheduling;

namespace Tally.Functions;

/// <summary>Verifies the last days of every account, and queues what has to be rebuilt.</summary>
public sealed class ReconcileRollups(RollupReconciler reconciler, BackfillSender sender, IOptions<ReportingOptions> options)
{
    [Function(nameof(ReconcileRollups))]
    public async Task RunAsync([TimerTrigger(Schedules.Reconcile)] TimerInfo timer, CancellationToken cancellationToken)
    {
        var result = await reconciler.RunAsync(new RuntimeLimiter(options.Value.MaxRuntime, TimeProvider.System), cancellationToken);
        // What is to be rebuilt is on record; what this run does not put, FinishWork does.
        await sender.SendOwedAsync(new RuntimeLimiter(TimeBoxes.Margin / 2, TimeProvider.System).IsOverTime, young: true, cancellationToken);
        Telemetry.CountRun(nameof(ReconcileRollups), result.Outcome);
    }
}
