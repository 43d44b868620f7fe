using Tally.Azure;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Queues;

internal static class Enqueuing
{
    /// <summary>Puts messages on a queue, which the first one makes if it is not there.</summary>
    public static async Task EnqueueAsync<T>(this Session session, string queue, IEnumerable<T> messages, CancellationToken cancellationToken)
    {
        var client = session.Queues.GetQueue(queue);
        foreach (var message in messages) await client.SendOrCreateAsync(MessageJson.Serialize(message), cancellationToken);
    }
}
