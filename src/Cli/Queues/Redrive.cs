using Azure.Storage.Queues;
using Tally.Azure;

namespace Tally.Cli.Queues;

/// <summary>Moves messages from a poison queue to its queue.</summary>
internal sealed class Redrive(QueueAccount account, string name)
{
    // Time enough to put a call's messages, short enough to see them again soon if this process dies.
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(1);

    // The stored text is moved as it is, whatever its encoding.
    private readonly QueueClient _queue = account.GetPlainQueue(name);
    private readonly QueueClient _poison = account.GetPlainQueue(name + QueueNames.PoisonSuffix);

    public async Task<long> CountAsync(CancellationToken cancellationToken) =>
        (await QueueDepth.ReadAsync(account, _poison.Name, cancellationToken)).Messages;

    /// <summary>Moves up to <paramref name="max"/> messages. Each is put before it is deleted: a crash between the two doubles it, and none is lost.</summary>
    /// <returns>How many were moved.</returns>
    public async Task<int> RunAsync(int max, IProgress<double> progress, CancellationToken cancellationToken)
    {
        if (max > 0) await _queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var moved = 0;
        while (moved < max)
        {
            var messages = (await _poison.ReceiveMessagesAsync(Math.Min(max - moved, _poison.MaxPeekableMessages), Hold, cancellationToken)).Value;
            if (messages.Length == 0) break;
            foreach (var message in messages)
            {
                await _queue.SendMessageAsync(message.Body, timeToLive: QueueClientExtensions.ForEver, cancellationToken: cancellationToken);
                await _poison.DeleteMessageAsync(message.MessageId, message.PopReceipt, CancellationToken.None);
                progress.Report(++moved);
            }
        }

        return moved;
    }
}
