using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using Tally.Scheduling;
using Tally.ValueStream;

namespace Tally.Functions;

/// <summary>Counts the namespaces of every top-level group whose month is not complete, for as long as its time box allows.</summary>
public sealed class CountValueStreams(ValueStreamCounter counter, IOptions<ValueStreamOptions> options)
{
    [Function(nameof(CountValueStreams))]
    public async Task RunAsync([TimerTrigger(Schedules.ValueStream)] TimerInfo timer, CancellationToken cancellationToken)
    {
        var result = await counter.RunAsync(new RuntimeLimiter(options.Value.MaxRuntime, TimeProvider.System), cancellationToken: cancellationToken);
        Telemetry.CountRun(nameof(CountValueStreams), result.Outcome);
    }
}
