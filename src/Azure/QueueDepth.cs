using Azure;
using NodaTime;

namespace Tally.Azure;

/// <summary>How much waits in a queue, and since when.</summary>
/// <param name="Messages">The service's count, messages in hand included; 0 when there is no such queue yet.</param>
/// <param name="OldestSince">When the oldest of the messages at the front was put; null if none is visible.</param>
internal sealed record QueueDepth(long Messages, Instant? OldestSince)
{
    /// <summary>How long the oldest has waited; null if none is visible.</summary>
    public Duration? AgeAt(Instant now) => OldestSince is { } since ? Duration.Max(now - since, Duration.Zero) : null;

    /// <exception cref="RequestFailedException">The service refused or did not answer.</exception>
    public static async Task<QueueDepth> ReadAsync(QueueAccount account, string name, CancellationToken cancellationToken)
    {
        var queue = account.GetPlainQueue(name);
        try
        {
            var properties = await queue.GetPropertiesAsync(cancellationToken);
            // The service does not keep them in order: the oldest is one of those at the front.
            var front = await queue.PeekMessagesAsync(queue.MaxPeekableMessages, cancellationToken);
            return new QueueDepth(
                properties.Value.ApproximateMessagesCountLong,
                front.Value.Min(message => message.InsertedOn) is { } oldest ? Instant.FromDateTimeOffset(oldest) : null);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // Queues are made by the first message.
            return new QueueDepth(0, null);
        }
    }
}
