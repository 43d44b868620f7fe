using LocalRuntime.Queues;
using NodaTime;

namespace Tally.Cli.Queues;

/// <summary>How much waits in a queue, and since when.</summary>
/// <param name="Messages">The service's count, messages in flight included; 0 when there is no such queue yet.</param>
/// <param name="OldestSince">When the oldest of the messages at the front was put; null if none is visible.</param>
internal sealed record QueueDepth(int Messages, Instant? OldestSince)
{
    public Duration? AgeAt(Instant now) => OldestSince is { } since ? Duration.Max(now - since, Duration.Zero) : null;

    public static async Task<QueueDepth> ReadAsync(QueueClient queue, CancellationToken cancellationToken)
    {
        try
        {
            var properties = await queue.GetPropertiesAsync(cancellationToken);
            var front = await queue.PeekAsync(cancellationToken: cancellationToken);
            return new QueueDepth(properties.ApproximateMessageCount, front.Count == 0 ? null : front.Min(message => Instant.FromDateTimeOffset(message.InsertedOn)));
        }
        catch (QueueStorageException exception) when (exception.Status == 404)
        {
            // Queues are made by the first message.
            return new QueueDepth(0, null);
        }
    }
}
