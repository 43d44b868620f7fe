using NodaTime;
using Tally.Azure;
using Tally.Reporting.Poison;

namespace Tally.Campaign.Reporting;

/// <summary>What the poison queues hold when nothing runs any more.</summary>
internal sealed class PoisonQueuesAtTheEnd : IPoisonQueues
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, List<PoisonCopy>> _copies = [];

    /// <summary>Takes all of them, and waits for those that a host looked through when it ended: it holds them for a minute.</summary>
    public static async Task<PoisonQueuesAtTheEnd> TakeAsync(string storage, CancellationToken cancellationToken)
    {
        var queues = new PoisonQueuesAtTheEnd();
        foreach (var queue in QueueNames.All)
        {
            var copies = queues._copies[queue] = [];
            var client = QueueAccount.Of(storage).GetPlainQueue(queue + QueueNames.PoisonSuffix);
            if (!await client.ExistsAsync(cancellationToken)) continue;
            while (copies.Count < (await client.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCountLong)
            {
                var messages = (await client.ReceiveMessagesAsync(client.MaxPeekableMessages, TimeSpan.FromHours(1), cancellationToken)).Value;
                if (messages.Length == 0) await Task.Delay(Look, cancellationToken);
                copies.AddRange(messages.Select(message => PoisonCopy.Of(message.MessageId, message.Body, Instant.FromDateTimeOffset(message.InsertedOn!.Value))));
            }
        }

        return queues;
    }

    /// <summary>The bodies, in base64: as they came to the function, or, of what is no base64, as they lie there.</summary>
    public IReadOnlyList<string> Bodies(string queue) => [.. _copies[queue].Select(copy => Convert.ToBase64String(copy.Body))];

    public Task<long> CountAsync(string queue, CancellationToken cancellationToken) => Task.FromResult((long)_copies[queue].Count);

    public IAsyncEnumerable<PoisonCopy> ReadAsync(string queue, CancellationToken cancellationToken) => _copies[queue].ToAsyncEnumerable();
}
