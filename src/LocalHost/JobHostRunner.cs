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

    private volatile IHost? _host;

    /// <summary>The app's functions; none before the worker has told them.</summary>
    public IReadOnlyList<AppFunction> Functions { get; private set; } = [];

    /// <summary>Whether the triggers have run.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>Runs until <paramref name="stopping"/>; then running functions end, or are cancelled.</summary>
    /// <param name="functions">What to run.</param>
    /// <param name="admin">The admin endpoint, which is logged once the triggers run.</param>
    /// <param name="stopping">Ends it.</param>
    /// <exception cref="HostException">The functions cannot be listened for; the message says why.</exception>
    public async Task RunAsync(IReadOnlyList<AppFunction> functions, Uri admin, CancellationToken stopping)
    {
        Functions = functions;
        var type = FunctionTypeBuilder.Build(functions, dispatcher);
        var pause = FirstPause;
        while (!stopping.IsCancellationRequested)
        {
            var host = factory.Create(type);
            string outage;
            try
            {
                await host.StartAsync(stopping);
                _host = host;
                if (!HasStarted) Log.Started(logger, functions.Count, admin);
                HasStarted = true;
                pause = FirstPause;
                outage = (await host.Services.GetRequiredService<JobHostFaults>().Broken.WaitAsync(stopping)).Message;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // Not disposed: its stop may still wait for a storage that does not answer, and it ends with the process.
                if (_host is not null) await DrainAsync(host);
                return;
            }
            catch (Exception exception) when (IsOutage(exception))
            {
                outage = Cause(exception);
            }
            catch (Exception exception) when (!HasStarted)
            {
                throw new HostException(Reason(exception), exception);
            }

            _host = null;
            Log.StorageLost(logger, FirstLine(outage), pause);
            await Task.Delay(pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            if (!stopping.IsCancellationRequested) await ((IAsyncDisposable)host).DisposeAsync();
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
        if (await Task.WhenAny(drained, Task.Delay(EndLimit)) == drained) return;
        Log.Cancelling(logger);
        await dispatcher.CancelAsync();
        if (await Task.WhenAny(drained, Task.Delay(CancelLimit)) != drained) Log.GraceOver(logger, EndLimit + CancelLimit);
    }

    private async Task StopAsync(IHost host)
    {
        await host.Services.GetRequiredService<IDrainModeManager>().EnableDrainModeAsync(CancellationToken.None);
        await host.StopAsync(CancellationToken.None);
        // Timers that run are not waited for otherwise.
        await dispatcher.WhenIdleAsync();
    }

    private static bool IsOutage(Exception exception) => exception switch
    {
        RequestFailedException refused => refused.Status is 0 or >= 500,
        SocketException or HttpRequestException or IOException => true,
        AggregateException many => many.InnerExceptions.Any(IsOutage),
        _ => exception.InnerException is { } inner && IsOutage(inner),
    };

    private static string Reason(Exception exception) => exception is FunctionIndexingException indexing
        ? $"Function {indexing.MethodName} has no trigger to listen for: {Cause(indexing)} Its names of settings and queues are in the app; set them in the environment."
        : Cause(exception);

    private static string Cause(Exception exception) => exception.GetBaseException().Message;

    private static string FirstLine(string text) => text.ReplaceLineEndings("\n").Split('\n')[0].TrimEnd('.', ' ');
}
