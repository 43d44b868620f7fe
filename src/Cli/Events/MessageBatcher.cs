using System.Text;

namespace Tally.Cli.Events;

/// <summary>Packs events, as JSON texts, into messages: arrays that fit a queue message.</summary>
internal sealed class MessageBatcher
{
    /// <summary>What base64 leaves of a queue message's 64 KiB, in bytes of UTF-8.</summary>
    public const int MaxBytes = 48 * 1024;

    private readonly StringBuilder _current = new("[");
    private int _bytes = 1;
    private int _count;

    /// <summary>Whether an event fits a message at all.</summary>
    public static bool Fits(string json) => Encoding.UTF8.GetByteCount(json) + 2 <= MaxBytes;

    /// <summary>Adds an event that fits.</summary>
    /// <returns>The message before it, if that is full.</returns>
    public QueuedEvents? Add(string json)
    {
        var bytes = Encoding.UTF8.GetByteCount(json) + 1; // and the comma or bracket after it
        var full = _bytes + bytes > MaxBytes ? Take() : null;
        _current.Append(json).Append(',');
        _bytes += bytes;
        _count++;
        return full;
    }

    /// <summary>The message under way, null if it is empty; the next event begins another.</summary>
    public QueuedEvents? Take()
    {
        if (_count == 0) return null;
        _current[^1] = ']';
        var message = new QueuedEvents(_current.ToString(), _count);
        _current.Clear().Append('[');
        (_bytes, _count) = (1, 0);
        return message;
    }
}

/// <summary>A message's text and how many events it holds.</summary>
internal sealed record QueuedEvents(string Text, int Count);
