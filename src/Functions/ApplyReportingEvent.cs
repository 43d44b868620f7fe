using Microsoft.Azure.Functions.Worker;
using Tally.Reporting.Events;
using Tally.Reporting.Poison;

namespace Tally.Functions;

/// <summary>Applies a message of one or more reporting events to the raw events and the daily rollups.</summary>
public sealed class ApplyReportingEvent(EventMessageProcessor processor, LastTry lastTry)
{
    [Function(nameof(ApplyReportingEvent))]
    public Task RunAsync(
        [QueueTrigger(QueueNames.ReportingEvents, Connection = QueueNames.Connection)] byte[] message,
        FunctionContext context,
        CancellationToken cancellationToken) =>
        lastTry.RunAsync(
            context.Delivery(QueueNames.ReportingEvents, message), token => processor.ApplyAsync(message, context.MessageId(), token), cancellationToken);
}
