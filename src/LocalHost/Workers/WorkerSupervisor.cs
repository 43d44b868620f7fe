using System.Diagnostics;
using LocalHost.Protocol;
using Microsoft.Extensions.Logging;

namespace LocalHost.Workers;

/// <summary>Keeps one worker alive: when it ends, another one starts, after a pause that grows while workers end young.</summary>
internal sealed class WorkerSupervisor(HostSettings settings, WorkerGateway gateway, ILoggerFactory loggers) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GrownUp = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    private readonly ILogger _logger = loggers.CreateLogger<WorkerSupervisor>();
    private readonly CancellationTokenSource _stopping = new();
    private TaskCompletionSource<Worker> _current = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _keeping = Task.CompletedTask;

    /// <summary>Starts the first worker.</summary>
    /// <param name="address">Where it finds this host.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The app's functions.</returns>
    /// <exception cref="HostException">It cannot start; the message says why.</exception>
    public async Task<IReadOnlyList<FunctionMetadata>> StartAsync(Uri address, CancellationToken cancellationToken)
    {
        var first = await Worker.StartAsync(settings, gateway, address, null, loggers, cancellationToken);
        _keeping = KeepAsync(first, address);
        return first.Functions;
    }

    /// <summary>The worker that runs, or the next one.</summary>
    public Task<Worker> CurrentAsync(CancellationToken cancellationToken) => Volatile.Read(ref _current).Task.WaitAsync(cancellationToken);

    /// <summary>Ends the worker, in order; no other one starts.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_current.Task is { IsCompletedSuccessfully: true, Result: var worker }) await worker.StopAsync(StopGrace);
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task KeepAsync(Worker? worker, Uri address)
    {
        var functions = worker!.Functions;
        var pause = TimeSpan.Zero;
        while (true)
        {
            var age = Stopwatch.StartNew();
            string ending;
            try
            {
                worker ??= await Worker.StartAsync(settings, gateway, address, functions, loggers, _stopping.Token);
                Log.WorkerStarted(_logger, worker.ProcessId);
                _current.SetResult(worker);
                ending = await worker.Ended;
                if (_stopping.IsCancellationRequested) return;
                Volatile.Write(ref _current, new TaskCompletionSource<Worker>(TaskCreationOptions.RunContinuationsAsynchronously));
                worker.Dispose();
                worker = null;
            }
            catch (HostException exception)
            {
                ending = exception.Message;
            }

            pause = pause == TimeSpan.Zero || age.Elapsed > GrownUp ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            Log.WorkerEnded(_logger, ending, pause);
            await Task.Delay(pause, _stopping.Token);
        }
    }
}
