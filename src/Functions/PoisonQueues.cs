using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using NodaTime;
using Tally.Azure;
using Tally.Reporting.Poison;

namespace Tally.Functions;

/// <summary>The poison queues of the triggers' account.</summary>
internal sealed class PoisonQueues(IConfiguration configuration) : IPoisonQueues
{
    private readonly QueueAccount _account = QueueMeter.Connect(configuration);

    public async Task<long> CountAsync(string queue, CancellationToken cancellationToken) =>
        (await QueueDepth.ReadAsync(_account, queue + QueueNames.PoisonSuffix, cancellationToken)).Messages;

    public async IAsyncEnumerable<PoisonCopy> ReadAsync(string queue, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var message in _account.GetPlainQueue(queue + QueueNames.PoisonSuffix).LookThroughAsync(cancellationToken))
            yield return PoisonCopy.Of(message.MessageId, message.Body.ToMemory().Span, Instant.FromDateTimeOffset(message.InsertedOn!.Value));
    }
}
