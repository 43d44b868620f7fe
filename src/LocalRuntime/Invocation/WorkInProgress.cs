namespace LocalRuntime.Invocation;

/// <summary>Tasks that were started and have not ended.</summary>
internal sealed class WorkInProgress
{
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _tasks = [];

    public void Add(Task task)
    {
        lock (_lock) _tasks.Add(task);
        task.ContinueWith(Remove, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Returns when no more than <paramref name="count"/> tasks are left.</summary>
    public async Task WaitForAsync(int count, CancellationToken cancellationToken = default)
    {
        for (var tasks = Snapshot(); tasks.Length > count; tasks = Snapshot())
            await Task.WhenAny(tasks).WaitAsync(cancellationToken);
    }

    private Task[] Snapshot()
    {
        lock (_lock) return [.. _tasks.Where(task => !task.IsCompleted)];
    }

    private void Remove(Task task)
    {
        lock (_lock) _tasks.Remove(task);
    }
}
