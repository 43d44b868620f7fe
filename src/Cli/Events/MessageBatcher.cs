using System.Text;

namespace Tally.Cli.Events;

/// <summary>Packs events, as JSON texts, into messages: arrays that fit a queue message.</summary>
internal sealed class MessageBatcher
{
    /// <summary>What base64 leaves of a queue message's 64 KiB, in bytes of UTF-8.</summary>
    public const int MaxBytes = 48 * 1024;

    private readonly StringBuilder _current = new("[");
    private readonly List<QueuedEvents> _full = [];
    private int _bytes = 1;
    private int _count;

    /// <summary>Adds an event.</summary>
    /// <returns>False, and nothing is added, if it fits no message.</returns>
    public bool TryAdd(string json)
    {
        var bytes = Encoding.UTF8.GetByteCount(json) + 1; // and the comma or bracket after it
        if (bytes + 1 > MaxBytes) return false;
        if (_bytes + bytes > MaxBytes) Close();
        _current.Append(json).Append(',');
        _bytes += bytes;
        _count++;
        return true;
    }

    /// <summary>All messages, in order; the batcher is empty then.</summary>
    public IReadOnlyList<QueuedEvents> Take()
    {
        Close();
        QueuedEvents[] messages = [.. _full];
        _full.Clear();
        return messages;
    }

    private void Close()
    {
        if (_count == 0) return;
        _current[^1] = ']';
        _full.Add(new QueuedEvents(_current.ToString(), _count));
        _current.Clear().Append('[');
        (_bytes, _count) = (1, 0);
    }
}

/// <summary>A message's text and how many events it holds.</summary>
internal sealed record QueuedEvents(string Text, int Count);
