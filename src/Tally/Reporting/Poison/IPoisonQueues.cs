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
    public static PoisonCopy Of(string messageId, ReadOnlySpan<byte> stored, Instant insertedAt) => new(messageId, Decode(stored, out var isBase64), isBase64, insertedAt);

    /// <summary>What a text of a queue holds: base64, or what somebody put without.</summary>
    public static byte[] Decode(ReadOnlySpan<byte> stored, out bool isBase64)
    {
        var bytes = new byte[stored.Length];
        isBase64 = Convert.TryFromBase64String(Encoding.UTF8.GetString(stored), bytes, out var length);
        return isBase64 ? bytes[..length] : stored.ToArray();
    }
}
