using Microsoft.Azure.Functions.Worker;
using Tally.Scheduling;

namespace Tally.Functions;

/// <summary>Says how much waits in the queues and their poison queues, and for how long: the service's own numbers are hourly and of all queues together.</summary>
public sealed class MeasureQueues(QueueMeter meter, ScheduledRun run)
{
    // Every queue takes two short requests; a service that is this slow says no more for being asked on.
    private static readonly TimeSpan Box = TimeSpan.FromMinutes(1);

    [Function(nameof(MeasureQueues))]
    public Task RunAsync([TimerTrigger(Schedules.Measure)] TimerInfo timer, CancellationToken cancellationToken) =>
        run.RunAsync(nameof(MeasureQueues), Box, meter.MeasureAsync, cancellationToken);
}
