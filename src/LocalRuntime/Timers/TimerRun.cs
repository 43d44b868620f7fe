using LocalRuntime.Discovery;
using LocalRuntime.Invocation;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace LocalRuntime.Timers;

/// <summary>One run of a timer function, with the retries that its attribute asks for.</summary>
internal sealed class TimerRun(FunctionInvoker invoker, TimeProvider clock, ILogger<TimerRun> logger)
{
    /// <summary>Returns when the function has succeeded or its retries are used up. Does not throw.</summary>
    public async Task InvokeAsync(FunctionDescriptor function, TimerStatus? status, bool isPastDue, CancellationToken stopping)
    {
        var trigger = new TriggerEvent
        {
            Reason = $"Timer fired at {clock.GetUtcNow():O}",
            Details = isPastDue ? "IsPastDue: true" : "",
            Value = new TimerInfo { IsPastDue = isPastDue, ScheduleStatus = ToScheduleStatus(status) },
        };
        for (var retries = 0; ; retries++)
        {
            var retry = function.Retry is { } policy ? new LocalRetryContext(retries, policy.MaxRetryCount) : null;
            var outcome = await invoker.InvokeAsync(function, trigger, stopping, retry);
            if (outcome.Succeeded || function.Retry?.Allows(retries) != true || stopping.IsCancellationRequested) return;

            var delay = function.Retry.Delay(retries);
            Log.TimerRetry(logger, function.Name, retries + 1, delay);
            await Task.Delay(delay, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested) return;
        }
    }

    private static ScheduleStatus? ToScheduleStatus(TimerStatus? status) => status is null
        ? null
        : new ScheduleStatus { Last = status.Last?.UtcDateTime ?? default, Next = status.Next.UtcDateTime, LastUpdated = status.LastUpdated.UtcDateTime };
}
