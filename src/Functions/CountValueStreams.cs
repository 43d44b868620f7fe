using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using Tally.Scheduling;
using Tally.ValueStream;

namespace Tally.Functions;

/// <summary>Counts the namespaces of every top-level group whose month is not complete, for as long as its time box allows.</summary>
public sealed class CountValueStreams(ValueStreamCounter counter, ScheduledRun run, IOptions<ValueStreamOptions> options)
{
    [Function(nameof(CountValueStreams))]
    public Task RunAsync([TimerTrigger(Schedules.ValueStream)] TimerInfo timer, CancellationToken cancellationToken) => run.RunAsync(
        nameof(CountValueStreams), options.Value.MaxRuntime,
        async (limiter, token) => (await counter.RunAsync(limiter, cancellationToken: token)).Outcome, cancellationToken);
}
