using LocalRuntime.Discovery;
using LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalRuntime.Timers;

/// <summary>Runs one timer function on its schedule: what was missed once, then each time it is due, never twice at a time.</summary>
internal sealed class TimerListener(
    FunctionDescriptor function, TimerTriggerDescriptor trigger, TimerRun run, TimerState state, TimeProvider clock, ILogger logger)
    : ITriggerListener, IDisposable
{
    // The wall clock may jump, and a laptop may sleep: longer waits look at it again in between.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private readonly bool _monitored = trigger.UseMonitor && trigger.Schedule.CanBeMonitored;
    private readonly TimerStatusFile _file = state.StatusFile(function.Name);
    private TimerStatus? _status;

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            using var ours = await TakeLockAsync(stopping);
            await ListenAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops while nothing runs: that is the end of the schedule.
        }
    }

    public Task RunOnceAsync(string? input, CancellationToken stopping) => RunOneAsync(isPastDue: false, stopping);

    public Task ReleaseUnfinishedAsync() => Task.CompletedTask;

    public void Dispose() => _oneAtATime.Dispose();

    private async Task ListenAsync(CancellationToken stopping)
    {
        var start = clock.GetUtcNow();
        var status = TimerStatus.AtStart(_monitored ? _file.Read() : null, trigger.Schedule, start);
        Record(status);
        Log.TimerStarted(logger, function.Name, trigger.Schedule.Text, status.Next.UtcDateTime);

        var isPastDue = status.IsPastDue(start);
        if (isPastDue || trigger.RunOnStartup) status = await RunScheduledAsync(status, isPastDue, stopping);
        while (true)
        {
            await WaitUntilAsync(status.Next, stopping);
            status = await RunScheduledAsync(status, isPastDue: false, stopping);
        }
    }

    private async Task<TimerStatus> RunScheduledAsync(TimerStatus status, bool isPastDue, CancellationToken stopping)
    {
        var started = clock.GetUtcNow();
        await RunOneAsync(isPastDue, stopping);
        // A run that the stopping host cut short is recorded too, as the host does with every failed one.
        status = TimerStatus.AfterRun(trigger.Schedule, started, clock.GetUtcNow());
        Record(status);
        stopping.ThrowIfCancellationRequested();
        return status;
    }

    private async Task RunOneAsync(bool isPastDue, CancellationToken stopping)
    {
        await _oneAtATime.WaitAsync(stopping);
        try
        {
            await run.InvokeAsync(function, _status, isPastDue, stopping);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private void Record(TimerStatus status)
    {
        if (!_monitored) return;
        _status = status;
        _file.Write(status);
    }

    private async Task WaitUntilAsync(DateTimeOffset due, CancellationToken stopping)
    {
        for (var left = due - clock.GetUtcNow(); left > TimeSpan.Zero; left = due - clock.GetUtcNow())
            await Task.Delay(left < LongestWait ? left : LongestWait, clock, stopping);
    }

    private async Task<IDisposable> TakeLockAsync(CancellationToken stopping)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            stopping.ThrowIfCancellationRequested();
            if (TimerLock.TryTake(state.LockPath(function.Name)) is { } taken) return taken;
            if (isFirst) Log.TimerRunsElsewhere(logger, function.Name);
            await Task.Delay(TimerLock.RetryInterval, clock, stopping);
        }
    }
}
