using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace Tally.Azure;

/// <summary>What the queue client leaves to its callers.</summary>
internal static class QueueClientExtensions
{
    /// <summary>A life without end.</summary>
    public static readonly TimeSpan ForEver = TimeSpan.FromSeconds(-1);

    // Time enough to look through what one holds; who dies meanwhile gives it back by then.
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(1);

    /// <summary>Every message that is visible, up to some thousand, each once, given back where it was when the reader has seen them all.</summary>
    /// <remarks>A peek shows only the 32 at the front.</remarks>
    public static async IAsyncEnumerable<QueueMessage> LookThroughAsync(this QueueClient queue, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int AtMost = 1_000;
        var held = new Dictionary<string, QueueMessage>();
        try
        {
            var seen = -1;
            while (held.Count < AtMost && held.Count > seen)
            {
                seen = held.Count;
                foreach (var message in (await queue.ReceiveMessagesAsync(queue.MaxPeekableMessages, Hold, cancellationToken)).Value)
                {
                    // One that is held for too long comes again, with another receipt.
                    var isNew = !held.ContainsKey(message.MessageId);
                    held[message.MessageId] = message;
                    if (isNew) yield return message;
                }
            }
        }
        finally
        {
            foreach (var message in held.Values) await GiveBackAsync(queue, message);
        }
    }

    private static async Task GiveBackAsync(QueueClient queue, QueueMessage message)
    {
        try
        {
            await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, (BinaryData?)null, visibilityTimeout: TimeSpan.Zero, CancellationToken.None);
        }
        catch (RequestFailedException)
        {
            // It is gone, or comes back by itself.
        }
    }

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
