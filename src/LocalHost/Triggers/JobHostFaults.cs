using System.Runtime.ExceptionServices;
using LocalHost.Workers;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Extensions.Logging;

namespace LocalHost.Triggers;

/// <summary>What the SDK cannot go on after: a listener that lost its storage, and a function that ran out of its time.</summary>
internal sealed class JobHostFaults(WorkerSupervisor workers, ILogger<JobHostFaults> logger) : IWebJobsExceptionHandler
{
    private readonly TaskCompletionSource<Exception> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the job host has to be started anew.</summary>
    public Task<Exception> Broken => _broken.Task;

    public Task OnUnhandledExceptionAsync(ExceptionDispatchInfo exceptionInfo)
    {
        _broken.TrySetResult(exceptionInfo.SourceException);
        return Task.CompletedTask;
    }

    // Its token is cancelled by now. A function that does not end by itself can only be ended with its worker.
    public async Task OnTimeoutExceptionAsync(ExceptionDispatchInfo exceptionInfo, TimeSpan timeoutGracePeriod)
    {
        if (exceptionInfo.SourceException is not FunctionTimeoutException timeout) return;
        var worker = await workers.CurrentAsync(CancellationToken.None);
        await Task.Delay(timeoutGracePeriod);
        if (!worker.Channel.IsRunning(timeout.InstanceId.ToString())) return;
        Log.WorkerKilledForTimeout(logger, timeout.MethodName);
        worker.Kill();
        await worker.Ended;
    }
}
