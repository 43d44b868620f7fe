using Azure.Storage.Queues;
using Tally.Azure;
using Tally.Tests.Infrastructure;

namespace Tally.Tests.EndToEnd;

/// <summary>The business queues of a storage account, as a producer and an operator use them.</summary>
internal sealed class TestQueues(string storage)
{
    private static readonly TimeSpan BetweenCounts = TimeSpan.FromMilliseconds(100);

    private readonly QueueAccount _account = QueueAccount.Of(storage);

    public QueueClient this[string name] => _account.GetQueue(name);

    /// <summary>Makes every queue, or empties it: a storage of your own may have been used before.</summary>
    public async Task ResetAsync()
    {
        foreach (var name in QueueNames.All.SelectMany(name => new[] { name, name + QueueNames.PoisonSuffix }))
        {
            await this[name].CreateIfNotExistsAsync();
            await this[name].ClearMessagesAsync();
        }
    }

    /// <summary>Puts messages, several at once.</summary>
    public Task SendAsync(string queue, params IEnumerable<string> messages) =>
        Parallel.ForEachAsync(messages, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (message, cancellationToken) => await this[queue].SendMessageAsync(message, cancellationToken));

    /// <summary>Waits until no business queue holds a message, hidden ones included; as long as they get fewer.</summary>
    public async Task DrainedAsync()
    {
        for (var left = await CountAllAsync(); left > 0;)
        {
            var before = left;
            await Eventually.HoldsAsync(async () => (left = await CountAllAsync()) < before, $"fewer than {before} messages are left");
            // Each question costs the emulator as much as a few messages.
            if (left > 0) await Task.Delay(BetweenCounts);
        }
    }

    public async Task<long> CountAsync(string queue) => (await this[queue].GetPropertiesAsync()).Value.ApproximateMessagesCountLong;

    private async Task<long> CountAllAsync() => (await Task.WhenAll(QueueNames.All.Select(CountAsync))).Sum();

    /// <summary>Puts what is in a poison queue back where it came from.</summary>
    public async Task RedriveAsync(string queue)
    {
        var poison = this[queue + QueueNames.PoisonSuffix];
        foreach (var message in (await poison.ReceiveMessagesAsync(32, TimeSpan.FromMinutes(1))).Value)
        {
            await this[queue].SendMessageAsync(message.Body);
            await poison.DeleteMessageAsync(message.MessageId, message.PopReceipt);
        }
    }
}
