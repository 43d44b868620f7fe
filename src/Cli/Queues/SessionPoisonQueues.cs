using System.Runtime.CompilerServices;
using NodaTime;
using Tally.Azure;
using Tally.Cli.Shell.Servers;
using Tally.Reporting.Poison;

namespace Tally.Cli.Queues;

/// <summary>The poison queues of a session.</summary>
internal sealed class SessionPoisonQueues(Session session) : IPoisonQueues
{
    public async Task<long> CountAsync(string queue, CancellationToken cancellationToken) =>
        (await QueueDepth.ReadAsync(session.Queues, queue + QueueNames.PoisonSuffix, cancellationToken)).Messages;

    public async IAsyncEnumerable<PoisonCopy> ReadAsync(string queue, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var message in session.Queues.GetPlainQueue(queue + QueueNames.PoisonSuffix).LookThroughAsync(cancellationToken))
            yield return PoisonCopy.Of(message.MessageId, message.Body.ToMemory().Span, Instant.FromDateTimeOffset(message.InsertedOn!.Value));
    }
}
