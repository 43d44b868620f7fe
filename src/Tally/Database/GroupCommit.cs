using System.Collections.Concurrent;
using System.Diagnostics;

namespace Tally.Database;

/// <summary>
/// Lets concurrent callers of one process share transactions. A caller that finds a writer free commits its work
/// at once; work that arrives while all writers are busy is taken together into the next transaction. So a lone
/// caller never waits for company.
/// </summary>
/// <typeparam name="TWork">What a caller hands in.</typeparam>
/// <typeparam name="TResult">What it gets back once its work is committed.</typeparam>
/// <param name="commit">Commits a group as one transaction and returns a result for each piece of work, in order.</param>
/// <param name="writers">How many transactions may run at once: each holds a connection.</param>
/// <param name="maxWeight">A group is closed when its weight reaches this.</param>
/// <param name="weigh">The weight of a piece of work.</param>
internal sealed class GroupCommit<TWork, TResult>(
    Func<IReadOnlyList<TWork>, CancellationToken, Task<IReadOnlyList<TResult>>> commit, int writers, int maxWeight, Func<TWork, int> weigh)
{
    // Some turns of an idle thread pool, and less than a commit takes: who is not back by then does something else.
    private static readonly TimeSpan Patience = TimeSpan.FromMicroseconds(200);

    private readonly ConcurrentQueue<Entry> _waiting = new();
    private int _freeWriters = writers;
    private volatile int _lastGroupSize;

    // Halved by a group that an outage ended, doubled by one that was committed: work that is too heavy for its statement is
    // soon alone, and takes no other with it.
    private volatile int _largest = int.MaxValue;

    /// <summary>
    /// Returns once <paramref name="work"/> is committed. If its group fails, each piece of the group is tried
    /// alone, so that only the one at fault fails; the first outage ends the group for all that are left. Cancelling stops
    /// the wait of any caller, also of the one that writes for others; the work may still be committed.
    /// </summary>
    public async Task<TResult> SubmitAsync(TWork work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entry = new Entry(work);
        _waiting.Enqueue(entry);
        if (TryTakeWriter()) await ServeAsync().WaitAsync(cancellationToken);
        return await entry.Completion.Task.WaitAsync(cancellationToken);
    }

    private bool TryTakeWriter()
    {
        var free = Volatile.Read(ref _freeWriters);
        while (free > 0)
        {
            var seen = Interlocked.CompareExchange(ref _freeWriters, free - 1, free);
            if (seen == free) return true;
            free = seen;
        }

        return false;
    }

    private async Task ServeAsync()
    {
        await CommitNextGroupAsync();
        PassWriterOn();
    }

    // The caller's own work is done: whoever waits is served in the background.
    private void PassWriterOn()
    {
        if (!_waiting.IsEmpty)
        {
            _ = Task.Run(DrainAsync);
            return;
        }

        Interlocked.Increment(ref _freeWriters);
        // Work that came after the look and before the release found no free writer.
        if (!_waiting.IsEmpty && TryTakeWriter()) _ = Task.Run(DrainAsync);
    }

    private async Task DrainAsync()
    {
        do
        {
            while (!_waiting.IsEmpty) await CommitNextGroupAsync();
            Interlocked.Increment(ref _freeWriters);
        }
        while (!_waiting.IsEmpty && TryTakeWriter());
    }

    // Callers whose work was just committed come back together, and the first of them finds a writer free: it takes
    // along those that are on their way. A lone caller has nobody to look out for.
    private async ValueTask GatherAsync()
    {
        var since = Stopwatch.GetTimestamp();
        while (_waiting.Count < _lastGroupSize && Stopwatch.GetElapsedTime(since) < Patience) await Task.Yield();
    }

    private async Task CommitNextGroupAsync()
    {
        await GatherAsync();
        var group = new List<Entry>();
        var weight = 0;
        while (weight < maxWeight && group.Count < _largest && _waiting.TryDequeue(out var entry))
        {
            group.Add(entry);
            weight += weigh(entry.Work);
        }

        if (group.Count == 0) return;
        _lastGroupSize = group.Count;
        if (await TryCommitAsync(group)) return;
        for (var index = 0; index < group.Count; index++)
        {
            if (await FindOutageAsync(group[index]) is not { } outage) continue;
            foreach (var left in group.Skip(index)) left.Completion.TrySetException(outage);
            return;
        }
    }

    /// <summary>False if the group is worth trying piece by piece; otherwise every caller has its answer.</summary>
    private async Task<bool> TryCommitAsync(List<Entry> group)
    {
        try
        {
            // Not the token of any one caller: the group's work is everybody's.
            var results = await commit([.. group.Select(entry => entry.Work)], CancellationToken.None);
            for (var index = 0; index < group.Count; index++) group[index].Completion.TrySetResult(results[index]);
            if (_largest < int.MaxValue) _largest = _largest > int.MaxValue / 2 ? int.MaxValue : _largest * 2;
            return true;
        }
        catch (Exception exception) when (group.Count == 1 || Outage.Is(exception))
        {
            // Trying each piece against a database that does not serve would only prolong the outage.
            if (group.Count > 1) _largest = Math.Max(1, group.Count / 2);
            foreach (var entry in group) entry.Completion.TrySetException(exception);
            return true;
        }
#pragma warning disable CA1031 // Whatever the fault, it is found again, and reported, when its piece is tried alone.
        catch
#pragma warning restore CA1031
        {
            return false;
        }
    }

    /// <summary>Commits a piece alone; the outage that it met, if it did.</summary>
    private async Task<Exception?> FindOutageAsync(Entry entry)
    {
        await TryCommitAsync([entry]);
        return entry.Completion.Task.Exception?.InnerException is { } fault && Outage.Is(fault) ? fault : null;
    }

    private sealed class Entry(TWork work)
    {
        public TWork Work { get; } = work;

        public TaskCompletionSource<TResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
