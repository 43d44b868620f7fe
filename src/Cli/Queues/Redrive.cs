using LocalRuntime.Queues;

namespace Tally.Cli.Queues;

/// <summary>Moves messages from a poison queue to its queue.</summary>
internal sealed class Redrive(QueueService service, string name)
{
    // Time enough to put a call's messages, short enough to see them again soon if this process dies.
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(1);

    // The stored text is moved as it is, whatever its encoding.
    private readonly QueueClient _queue = service.GetQueue(name, QueueMessageEncoding.None);
    private readonly QueueClient _poison = service.GetQueue(name + QueueNames.PoisonSuffix, QueueMessageEncoding.None);

    public async Task<int> CountAsync(CancellationToken cancellationToken) =>
        (await QueueDepth.ReadAsync(_poison, cancellationToken)).Messages;

    /// <summary>Moves up to <paramref name="max"/> messages. Each is put before it is deleted: a crash between the two doubles it, and none is lost.</summary>
    /// <returns>How many were moved.</returns>
    public async Task<int> RunAsync(int max, IProgress<double> progress, CancellationToken cancellationToken)
    {
        if (max > 0) await _queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var moved = 0;
        while (moved < max)
        {
            var messages = await _poison.GetAsync(Math.Min(max - moved, QueueClient.MaxMessagesPerCall), Hold, cancellationToken);
            if (messages.Count == 0) break;
            foreach (var message in messages)
            {
                await _queue.PutAsync(message.RawText, timeToLive: Timeout.InfiniteTimeSpan, cancellationToken: cancellationToken);
                await _poison.DeleteMessageAsync(message.Id, message.PopReceipt!, CancellationToken.None);
                progress.Report(++moved);
            }
        }

        return moved;
    }
}
