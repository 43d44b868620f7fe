using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using Tally.Reporting;
using Tally.Reporting.Retention;
using Tally.Scheduling;

namespace Tally.Functions;

/// <summary>Removes raw events older than <c>Reporting:RetentionDays</c>; with 0, the default, none.</summary>
public sealed class PurgeReportingEvents(ScheduledPurge purge, IOptions<ReportingOptions> options)
{
    [Function(nameof(PurgeReportingEvents))]
    public async Task RunAsync([TimerTrigger(Schedules.Purge)] TimerInfo timer, CancellationToken cancellationToken)
    {
        var result = await purge.RunAsync(new RuntimeLimiter(options.Value.MaxRuntime, TimeProvider.System), cancellationToken);
        Telemetry.CountRun(nameof(PurgeReportingEvents), result.Outcome);
    }
}
