using LocalRuntime.Configuration;
using LocalRuntime.Discovery;
using LocalRuntime.QueueTriggers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LocalRuntime.Hosting;

/// <summary>
/// Starts the triggers when everything else of the app has started, and stops them before anything else stops: running
/// functions are cancelled, waited for, and their messages given back if they do not end.
/// </summary>
internal sealed class FunctionHost(
    FunctionCatalog catalog, QueueListenerFactory queueListeners, IOptions<LocalRuntimeOptions> options,
    TimeProvider clock, ILogger<FunctionHost> logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<QueueListener> _listeners = [];
    private Task _running = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (catalog.All.Count == 0) Log.NoFunctions(logger);
        foreach (var function in catalog.All)
        {
            if (function.IsDisabled) Log.FunctionDisabled(logger, function.Name);
            else if (function.Trigger is QueueTriggerDescriptor queue) _listeners.Add(queueListeners.Create(function, queue));
        }

        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _running = Task.WhenAll(_listeners.Select(listener => Task.Run(() => listener.RunAsync(_stopping.Token), CancellationToken.None)));
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        var grace = Task.Delay(options.Value.ShutdownGrace, clock, cancellationToken);
        if (await Task.WhenAny(_running, grace) == _running) await _running;
        else await Task.WhenAll(_listeners.Select(listener => listener.ReleaseUnfinishedAsync()));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();
}
