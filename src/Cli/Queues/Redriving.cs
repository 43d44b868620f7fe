using Azure.Storage.Queues;
using NodaTime;
using Tally.Azure;
using Tally.Reporting.Poison;

namespace Tally.Cli.Queues;

/// <summary>Puts poison messages on their queue again: those in its poison queue, and then those that are on record only.</summary>
internal sealed class Redriving(QueueAccount account, PoisonLog record, string name, Instant began)
{
    // Time enough to put a call's messages, short enough to see them again soon if this process dies.
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(1);

    // The stored text is moved as it is, whatever its encoding.
    private readonly QueueClient _queue = account.GetPlainQueue(name);
    private readonly QueueClient _poison = account.GetPlainQueue(name + QueueNames.PoisonSuffix);

    /// <summary>How many there are: in the poison queue and on record, where the same message may be in both.</summary>
    public async Task<(long Queued, long OnRecord)> CountAsync(CancellationToken cancellationToken) =>
        ((await QueueDepth.ReadAsync(account, _poison.Name, cancellationToken)).Messages, (await record.CountLeftAsync(cancellationToken)).GetValueOrDefault(name));

    /// <summary>
    /// Puts up to <paramref name="max"/> messages, of the poison queue no more than <paramref name="queued"/>. Each is put before
    /// it is deleted and marked: a crash between doubles it, and none is lost.
    /// </summary>
    /// <returns>How many were put.</returns>
    public async Task<int> RunAsync(long max, long queued, IProgress<double> progress, CancellationToken cancellationToken)
    {
        if (max > 0) await _queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var moved = await MoveAsync((int)Math.Min(max, queued), progress, cancellationToken);
        return moved + await PutRecordedAsync((int)Math.Min(max - moved, int.MaxValue), moved, progress, cancellationToken);
    }

    private async Task<int> MoveAsync(int max, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var moved = 0;
        while (moved < max)
        {
            var messages = (await _poison.ReceiveMessagesAsync(Math.Min(max - moved, _poison.MaxPeekableMessages), Hold, cancellationToken)).Value;
            if (messages.Length == 0) break;
            foreach (var message in messages)
            {
                await _queue.SendMessageAsync(message.Body, timeToLive: QueueClientExtensions.ForEver, cancellationToken: cancellationToken);
                await _poison.DeleteMessageAsync(message.MessageId, message.PopReceipt, CancellationToken.None);
                await record.MarkRedrivenAsync(name, PoisonCopy.Decode(message.Body, out _), CancellationToken.None);
                progress.Report(++moved);
            }
        }

        return moved;
    }

    // Those whose copy the queue has given up after its seven days, or never had.
    private async Task<int> PutRecordedAsync(int max, int before, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var put = 0;
        while (put < max && await record.LeftAsync(name, began, Math.Min(max - put, 1_000), cancellationToken) is { Count: > 0 } left)
        {
            foreach (var message in left)
            {
                await account.GetQueue(name).SendMessageAsync(BinaryData.FromBytes(message.Body), timeToLive: QueueClientExtensions.ForEver, cancellationToken: cancellationToken);
                await record.MarkRedrivenAsync(message, CancellationToken.None);
                progress.Report(before + ++put);
            }
        }

        return put;
    }
}
