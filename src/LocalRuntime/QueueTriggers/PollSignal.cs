namespace LocalRuntime.QueueTriggers;

/// <summary>A pause that can be cut short. A signal given between two pauses cuts the next one.</summary>
internal sealed class PollSignal(TimeProvider clock)
{
    private TaskCompletionSource _signal = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Set() => Volatile.Read(ref _signal).TrySetResult();

    /// <summary>Returns when <paramref name="pause"/> is over, on a signal, or when <paramref name="stop"/> is cancelled; never throws.</summary>
    public async Task WaitAsync(TimeSpan pause, CancellationToken stop)
    {
        using var cancelDelay = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var signal = Volatile.Read(ref _signal);
        await Task.WhenAny(signal.Task, Task.Delay(pause, clock, cancelDelay.Token));
        await cancelDelay.CancelAsync();
        if (signal.Task.IsCompleted)
            Volatile.Write(ref _signal, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
