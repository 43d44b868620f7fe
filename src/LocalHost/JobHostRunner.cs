using System.Net.Sockets;
using Azure;
using LocalHost.Functions;
using LocalHost.Triggers;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Indexers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalHost;

/// <summary>Keeps a job host running: a storage that is gone for a while costs a pause, and another job host.</summary>
internal sealed class JobHostRunner(JobHostFactory factory, FunctionDispatcher dispatcher, ILogger<JobHostRunner> logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    // Most functions end by themselves in this; the others are asked to.
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CancelLimit = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IHost? _host;

    /// <summary>Completes when the triggers run for the first time.</summary>
    public Task Started => _started.Task;

    /// <summary>Runs until <paramref name="stopping"/>; then running functions end, or are cancelled.</summary>
    /// <exception cref="StartupException">The functions cannot be listened for; the message says why.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        var pause = FirstPause;
        while (!stopping.IsCancellationRequested)
        {
            var host = factory.Create();
            try
            {
                await host.StartAsync(stopping);
                _host = host;
                _started.TrySetResult();
                pause = FirstPause;
                var broken = host.Services.GetRequiredService<JobHostFaults>().Broken;
                var fault = await broken.WaitAsync(stopping);
                await BreakAsync(fault.Message);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                if (_host is not null) await DrainAsync(host);
            }
            catch (Exception exception) when (IsOutage(exception))
            {
                await BreakAsync(Cause(exception).Message);
            }
            catch (Exception exception) when (!_started.Task.IsCompleted)
            {
                throw new StartupException(Reason(exception), exception);
            }
            finally
            {
                _host = null;
                // The last one ends with the process: its stop may still wait for a storage that does not answer.
                if (!stopping.IsCancellationRequested) await DisposeAsync(host);
            }
        }

        async Task BreakAsync(string reason)
        {
            Log.StorageLost(logger, FirstLine(reason), pause);
            await Task.Delay(pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Runs a function once, without waiting for it.</summary>
    /// <param name="function">The function; a disabled one runs too.</param>
    /// <param name="input">A message's text; timers do without.</param>
    /// <returns>Whether the triggers run.</returns>
    public bool TryRunOnce(AppFunction function, string? input)
    {
        if (_host is not { } host) return false;
        _ = Task.Run(async () =>
        {
            try
            {
                await host.Services.GetRequiredService<IJobHost>().CallAsync(function.Name, new Dictionary<string, object?> { ["trigger"] = input ?? "" });
            }
#pragma warning disable CA1031 // Nobody waits for it.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.ManualRunFailed(logger, exception, function.Name);
            }
        });
        return true;
    }

    private async Task DrainAsync(IHost host)
    {
        Log.Stopping(logger);
        // Listeners stop, and what runs is let run.
        var drained = StopAsync(host);
        if (await Task.WhenAny(drained, Task.Delay(EndLimit)) != drained)
        {
            Log.Cancelling(logger);
            await dispatcher.CancelAsync();
            if (await Task.WhenAny(drained, Task.Delay(CancelLimit)) != drained) Log.GraceOver(logger, EndLimit + CancelLimit);
        }
    }

    private async Task StopAsync(IHost host)
    {
        await host.Services.GetRequiredService<IDrainModeManager>().EnableDrainModeAsync(CancellationToken.None);
        await host.StopAsync(CancellationToken.None);
        // Timers that run are not waited for otherwise.
        await dispatcher.WhenIdleAsync();
    }

    private static async Task DisposeAsync(IHost host)
    {
        if (host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else host.Dispose();
    }

    private static bool IsOutage(Exception exception) => exception switch
    {
        RequestFailedException refused => refused.Status is 0 or >= 500,
        SocketException or HttpRequestException or IOException => true,
        AggregateException many => many.InnerExceptions.Any(IsOutage),
        _ => exception.InnerException is { } inner && IsOutage(inner),
    };

    private static string Reason(Exception exception) => exception is FunctionIndexingException indexing
        ? $"Function {indexing.MethodName} has no trigger to listen for: {Cause(indexing).Message} Its names of settings and queues are in the app; set them in the environment."
        : Cause(exception).Message;

    private static Exception Cause(Exception exception) => exception.GetBaseException();

    private static string FirstLine(string text) => text.ReplaceLineEndings("\n").Split('\n')[0].TrimEnd('.', ' ');
}
