using LocalRuntime.Configuration;
using LocalRuntime.Hosting;

namespace LocalRuntime.Invocation;

/// <summary>
/// host.json <c>functionTimeout</c>: when it is over, the token is cancelled and the invocation has failed, whatever it returns;
/// if it has not ended two seconds later, the worker is terminated with everything that runs in it.
/// </summary>
internal sealed class InvocationTimeout(HostSettings settings, TimeProvider clock, IWorkerTermination termination)
{
    /// <summary>The host's fixed number.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>Runs <paramref name="work"/> inside the time box.</summary>
    /// <param name="functionName">For messages.</param>
    /// <param name="work">Receives the function's token, which ends with the time box or with <paramref name="stopping"/>, and the time box's own.</param>
    /// <param name="stopping">The host stops.</param>
    /// <exception cref="FunctionTimeoutException">The time was up.</exception>
    public async Task RunAsync(string functionName, Func<CancellationToken, CancellationToken, Task> work, CancellationToken stopping)
    {
        if (settings.FunctionTimeout is not { } limit)
        {
            await work(stopping, CancellationToken.None);
            return;
        }

        using var timeBox = new CancellationTokenSource(limit, clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeBox.Token, stopping);
        var running = work(linked.Token, timeBox.Token);
        if (await EndsBeforeAsync(running, timeBox.Token))
        {
            await running;
            return;
        }

        // Its own failure, if any, comes second to the time-out: nobody else will look at it.
        var ended = running.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        if (await Task.WhenAny(ended, Task.Delay(Grace, clock, CancellationToken.None)) != ended)
            termination.Terminate($"Function {functionName} ignored its cancellation for {Grace.TotalSeconds:0} s after functionTimeout ({limit:c}). The host restarts the worker now, and with it every other invocation is lost.");
        throw new FunctionTimeoutException(functionName, limit);
    }

    private static async Task<bool> EndsBeforeAsync(Task running, CancellationToken timeBox)
    {
        var timeUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = timeBox.Register(timeUp.SetResult);
        await Task.WhenAny(running, timeUp.Task);
        return !timeBox.IsCancellationRequested;
    }
}
