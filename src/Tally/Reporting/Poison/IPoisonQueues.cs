using System.Text;
using NodaTime;

namespace Tally.Reporting.Poison;

/// <summary>Looks through poison queues and leaves them as they are. Queues are named without the suffix of poison.</summary>
internal interface IPoisonQueues
{
    /// <summary>How many messages the queue's poison queue holds; 0 if there is none.</summary>
    Task<long> CountAsync(string queue, CancellationToken cancellationToken);

    /// <summary>Those that can be seen, each once.</summary>
    IAsyncEnumerable<PoisonCopy> ReadAsync(string queue, CancellationToken cancellationToken);
}

/// <summary>A message as a poison queue holds it: a copy, with an id of its own.</summary>
/// <param name="MessageId">The copy's id.</param>
/// <param name="Body">What it holds: decoded, or as it is stored if it is no base64.</param>
/// <param name="IsBase64">Whether it was: what is not, the host moves here without calling the app.</param>
/// <param name="InsertedAt">When it came.</param>
internal sealed record PoisonCopy(string MessageId, byte[] Body, bool IsBase64, Instant InsertedAt)
{
    /// <summary>Reads a stored text.</summary>
    public static PoisonCopy Of(string messageId, ReadOnlySpan<byte> stored, Instant insertedAt)
    {
        var bytes = new byte[stored.Length];
        return Convert.TryFromBase64String(Encoding.UTF8.GetString(stored), bytes, out var length)
            ? new PoisonCopy(messageId, bytes[..length], true, insertedAt)
            : new PoisonCopy(messageId, stored.ToArray(), false, insertedAt);
    }
}
