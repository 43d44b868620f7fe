using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Reconcile;
using Tally.Scheduling;

namespace Tally.Functions;

/// <summary>Verifies the last days of every account, and queues what has to be rebuilt.</summary>
public sealed class ReconcileRollups(RollupReconciler reconciler, IOptions<ReportingOptions> options)
{
    [Function(nameof(ReconcileRollups))]
    public async Task<ReconcileRollupsOutput> RunAsync([TimerTrigger(Schedules.Reconcile)] TimerInfo timer, CancellationToken cancellationToken)
    {
        var result = await reconciler.RunAsync(new RuntimeLimiter(options.Value.MaxRuntime, TimeProvider.System), cancellationToken);
        Telemetry.CountRun(nameof(ReconcileRollups), result.Outcome);
        return new ReconcileRollupsOutput { Days = [.. result.Days], Ranges = [.. result.Ranges] };
    }
}

/// <summary>The days that differ, and the ranges that waited in vain.</summary>
public sealed class ReconcileRollupsOutput
{
    [QueueOutput(QueueNames.ReportingBackfillDays, Connection = QueueNames.Connection)]
    public required BackfillDayMessage[] Days { get; init; }

    [QueueOutput(QueueNames.ReportingBackfills, Connection = QueueNames.Connection)]
    public required BackfillMessage[] Ranges { get; init; }
}
