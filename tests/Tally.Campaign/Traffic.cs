using Azure;
using Azure.Storage.Queues;
using Tally.Azure;
using Tally.Campaign.Servers;

namespace Tally.Campaign;

/// <summary>A message to be put on a queue.</summary>
/// <param name="Body">What the function is to get.</param>
/// <param name="IsBase64">Whether it is put as the host expects it; a text that is not, is put as it is.</param>
internal record OutgoingMessage(byte[] Body, bool IsBase64 = true);

/// <summary>
/// Producers: they put messages in their order, several at once, each again until the queue service has accepted it; and do not
/// run away from those who take them.
/// </summary>
internal sealed class Traffic(StorageServer storage, string queue, IReadOnlyList<OutgoingMessage> messages) : IWorkload
{
    private const int Producers = 8;
    private const int MaxWaiting = 1_500;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private int _accepted;
    private long _waiting;

    public int Count => messages.Count;

    /// <summary>Messages that the queue service has accepted.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Messages that were in the queue when it last answered, those in somebody's hands included.</summary>
    public long Waiting => Volatile.Read(ref _waiting);

    public long Done => Accepted - Waiting;

    /// <summary>Returns when every message is accepted.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        var account = QueueAccount.Of(storage.ByProxy);
        var (encoded, plain) = (account.GetQueue(queue), account.GetPlainQueue(queue));
        await Again.UntilDoneAsync(() => encoded.CreateIfNotExistsAsync(cancellationToken: cancellationToken), cancellationToken);
        await Parallel.ForEachAsync(messages, new ParallelOptions { MaxDegreeOfParallelism = Producers, CancellationToken = cancellationToken }, async (message, token) =>
        {
            while (Waiting > MaxWaiting) await Task.Delay(Look, token);
            await Again.UntilDoneAsync(() => (message.IsBase64 ? encoded : plain).SendMessageAsync(BinaryData.FromBytes(message.Body), timeToLive: QueueClientExtensions.ForEver, cancellationToken: token), token);
            Interlocked.Increment(ref _accepted);
        });
    }

    /// <summary>Keeps <see cref="Waiting"/> up to date until it is cancelled.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await TryCountAsync(queue, cancellationToken) is { } count) Volatile.Write(ref _waiting, count);
            await Task.Delay(Look, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Returns when this many messages are accepted.</summary>
    public async Task ReachedAsync(int steps, CancellationToken cancellationToken)
    {
        while (Accepted < Math.Min(steps, Count)) await Task.Delay(Look, cancellationToken);
    }

    /// <summary>Returns when another message is done; also if none is left.</summary>
    public async Task MovedAsync(CancellationToken cancellationToken)
    {
        var done = Done;
        while (Done <= done && Waiting > 0) await Task.Delay(Look, cancellationToken);
    }

    /// <summary>Messages of a queue, hidden ones included; null if the service does not answer.</summary>
    public async Task<long?> TryCountAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await new QueueClient(storage.Direct, name, new QueueClientOptions { Retry = { MaxRetries = 0 } }).GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCountLong;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return 0;
        }
        catch (Exception exception) when (Again.IsOfTheEnvironment(exception))
        {
            return null;
        }
    }
}
