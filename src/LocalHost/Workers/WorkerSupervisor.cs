using System.Diagnostics;
using LocalHost.Protocol;
using Microsoft.Extensions.Logging;

namespace LocalHost.Workers;

/// <summary>Keeps one worker alive: when it ends, another one starts, after a pause that grows while workers end young.</summary>
internal sealed class WorkerSupervisor(WorkerProgram program, WorkerGateway gateway, Uri address, ILoggerFactory loggers) : IAsyncDisposable
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
    /// <returns>The app's functions.</returns>
    /// <exception cref="StartupException">It cannot start; the message says why.</exception>
    public async Task<IReadOnlyList<FunctionMetadata>> StartAsync(CancellationToken cancellationToken)
    {
        var first = await Worker.StartAsync(program, gateway, address, null, loggers, cancellationToken);
        Log.WorkerStarted(_logger, first.ProcessId);
        _current.SetResult(first);
        _keeping = KeepAsync(first);
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

    private async Task KeepAsync(Worker worker)
    {
        var functions = worker.Functions;
        var pause = TimeSpan.Zero;
        while (true)
        {
            var age = Stopwatch.StartNew();
            var next = new TaskCompletionSource<Worker>(TaskCreationOptions.RunContinuationsAsynchronously);
            var ending = await worker.Ended;
            if (_stopping.IsCancellationRequested) return;
            Volatile.Write(ref _current, next);
            worker.Dispose();

            pause = age.Elapsed > GrownUp ? FirstPause : Next(pause);
            Log.WorkerEnded(_logger, ending, pause);
            while (true)
            {
                await Task.Delay(pause, _stopping.Token);
                try
                {
                    worker = await Worker.StartAsync(program, gateway, address, functions, loggers, _stopping.Token);
                    break;
                }
                catch (StartupException exception)
                {
                    pause = Next(pause);
                    Log.WorkerEnded(_logger, exception.Message, pause);
                }
            }

            Log.WorkerStarted(_logger, worker.ProcessId);
            next.SetResult(worker);
        }
    }

    private static TimeSpan Next(TimeSpan pause) => pause == TimeSpan.Zero ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
}
