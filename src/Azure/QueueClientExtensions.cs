using Azure;
using Azure.Storage.Queues;

namespace Tally.Azure;

/// <summary>What the queue client leaves to its callers.</summary>
internal static class QueueClientExtensions
{
    /// <summary>A life without end.</summary>
    public static readonly TimeSpan ForEver = TimeSpan.FromSeconds(-1);

    /// <summary>Puts a message, and makes the queue first if there is none.</summary>
    public static async Task SendOrCreateAsync(this QueueClient queue, string text, CancellationToken cancellationToken)
    {
        try
        {
            await queue.SendMessageAsync(text, timeToLive: ForEver, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await queue.SendMessageAsync(text, timeToLive: ForEver, cancellationToken: cancellationToken);
        }
    }
}
