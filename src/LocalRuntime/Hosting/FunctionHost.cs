using LocalRuntime.Configuration;
using LocalRuntime.Discovery;
using LocalRuntime.Invocation;
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
    FunctionCatalog catalog, TriggerListenerFactory listeners, QueueServices services, IOptions<LocalRuntimeOptions> options,
    TimeProvider clock, ILogger<FunctionHost> logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly WorkInProgress _work = new();
    private Dictionary<string, ITriggerListener> _listeners = [];

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (catalog.All.Count == 0) Log.NoFunctions(logger);
        _listeners = catalog.All.ToDictionary(function => function.Name, listeners.Create);
        // A connection that only an output names is checked now too, not when the first result is lost.
        foreach (var output in catalog.All.SelectMany(function => function.Outputs)) services.Get(output.Connection);
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var function in catalog.All)
        {
            if (function.IsDisabled) Log.FunctionDisabled(logger, function.Name);
            else Start(stopping => _listeners[function.Name].RunAsync(stopping));
        }

        return Task.CompletedTask;
    }

    /// <summary>Starts one invocation and returns without waiting for it.</summary>
    /// <param name="functionName">A function of the catalog; disabled ones run too.</param>
    /// <param name="input">A message's body; timers do without.</param>
    public void RunOnce(string functionName, string? input) =>
        Start(stopping => _listeners[functionName].RunOnceAsync(input, stopping));

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        var ended = _work.WaitForAsync(0, CancellationToken.None);
        var grace = Task.Delay(options.Value.ShutdownGrace, clock, cancellationToken);
        if (await Task.WhenAny(ended, grace) == ended) return;

        Log.ShutdownGraceOver(logger, options.Value.ShutdownGrace);
        await Task.WhenAll(_listeners.Values.Select(listener => listener.ReleaseUnfinishedAsync()));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _stopping.Dispose();
        foreach (var listener in _listeners.Values.OfType<IDisposable>()) listener.Dispose();
    }

    private void Start(Func<CancellationToken, Task> work) => _work.Add(Task.Run(() => GuardAsync(work), CancellationToken.None));

    // A listener that ends by a fault would leave its function without a trigger and nobody the wiser.
    private async Task GuardAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // A run that was asked for and had not begun when the host stopped.
        }
        catch (Exception exception)
        {
            Log.ListenerFailed(logger, exception);
            throw;
        }
    }
}
