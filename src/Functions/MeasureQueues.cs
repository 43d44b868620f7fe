using Microsoft.Azure.Functions.Worker;
using Tally.Scheduling;

namespace Tally.Functions;

/// <summary>Says how much waits in the queues and their poison queues, and for how long: the service's own numbers are hourly and of all queues together.</summary>
public sealed class MeasureQueues(QueueMeter meter)
{
    [Function(nameof(MeasureQueues))]
    public async Task RunAsync([TimerTrigger(Schedules.Measure)] TimerInfo timer, CancellationToken cancellationToken)
    {
        await meter.MeasureAsync(cancellationToken);
        Telemetry.CountRun(nameof(MeasureQueues), RunOutcome.Completed);
    }
}
