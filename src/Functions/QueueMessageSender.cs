using Microsoft.Extensions.Configuration;
using Tally.Azure;

namespace Tally.Functions;

/// <summary>Puts messages on the queues of the triggers' account, within the function: its caller knows whether they are there.</summary>
internal sealed class QueueMessageSender(IConfiguration configuration) : IMessageSender
{
    private readonly QueueAccount _account = QueueMeter.Connect(configuration);

    public Task SendAsync(string queue, string text, CancellationToken cancellationToken) => _account.GetQueue(queue).SendOrCreateAsync(text, cancellationToken);
}
