using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using Tally.Reporting;
using Tally.Reporting.Retention;
using Tally.Scheduling;

namespace Tally.Functions;

/// <summary>Finishes what a command or a function began and could not end: requests that never came to their queue, erasures that were broken off, poison messages that are on no record.</summary>
public sealed class FinishWork(UnfinishedWork work, ScheduledRun run, IOptions<ReportingOptions> options)
{
    [Function(nameof(FinishWork))]
    public Task RunAsync([TimerTrigger(Schedules.Finish)] TimerInfo timer, CancellationToken cancellationToken) =>
        run.RunAsync(nameof(FinishWork), options.Value.MaxRuntime, work.RunAsync, cancellationToken);
}
