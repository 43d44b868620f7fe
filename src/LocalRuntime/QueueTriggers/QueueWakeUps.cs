using System.Collections.Concurrent;

namespace LocalRuntime.QueueTriggers;

/// <summary>Tells this host's listeners of a queue that a message was just put there, so that they need not wait out their pause.</summary>
internal sealed class QueueWakeUps
{
    private readonly ConcurrentDictionary<Uri, Action> _listeners = new();

    public void Register(Uri queue, Action wakeUp) => _listeners.AddOrUpdate(queue, wakeUp, (_, others) => others + wakeUp);

    public void Notify(Uri queue)
    {
        if (_listeners.TryGetValue(queue, out var wakeUp)) wakeUp();
    }
}
