using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using Tally.Reporting;
using Tally.Reporting.Retention;
using Tally.Scheduling;

namespace Tally.Functions;

/// <summary>Removes raw events older than <c>Reporting:RetentionDays</c>; with 0, the default, none.</summary>
public sealed class PurgeReportingEvents(ScheduledPurge purge, ScheduledRun run, IOptions<ReportingOptions> options)
{
    [Function(nameof(PurgeReportingEvents))]
    public Task RunAsync([TimerTrigger(Schedules.Purge)] TimerInfo timer, CancellationToken cancellationToken) => run.RunAsync(
        nameof(PurgeReportingEvents), options.Value.MaxRuntime, async (limiter, token) => (await purge.RunAsync(limiter, token)).Outcome, cancellationToken);
}
