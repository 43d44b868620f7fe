using LocalRuntime.Queues;
using Microsoft.Extensions.Logging;

namespace LocalRuntime.QueueTriggers;

/// <summary>Where messages go that no try could apply: <c>{queue}-poison</c>, as a copy of what is stored, character by character.</summary>
internal sealed class PoisonQueue
{
    private const string Suffix = "-poison";

    private readonly QueueClient _copies;
    private readonly QueueWakeUps _wakeUps;
    private readonly ILogger _logger;

    private PoisonQueue(QueueClient copies, QueueWakeUps wakeUps, ILogger logger)
    {
        _copies = copies;
        _wakeUps = wakeUps;
        _logger = logger;
    }

    /// <summary>The poison queue of <paramref name="queueName"/>; null when it is one itself or its name leaves no room for the suffix.</summary>
    public static PoisonQueue? Of(string queueName, QueueService service, QueueWakeUps wakeUps, ILogger logger)
    {
        var name = queueName + Suffix;
        return queueName.EndsWith(Suffix, StringComparison.Ordinal) || QueueName.Problem(name) is not null
            ? null
            // Without an encoding, the stored text is copied as it is, even when it could not be decoded.
            : new PoisonQueue(service.GetQueue(name, QueueMessageEncoding.None), wakeUps, logger);
    }

    /// <summary>Copies the message; the caller deletes the original.</summary>
    public async Task AddAsync(QueueMessage message, string reason)
    {
        await _copies.PutOrCreateAsync(BinaryData.FromString(message.RawText));
        _wakeUps.Notify(_copies.Uri);
        Log.MessagePoisoned(_logger, message.Id, message.DequeueCount, _copies.Name, reason);
    }
}
