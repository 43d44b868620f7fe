using Microsoft.Azure.Functions.Worker;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Functions;

/// <summary>Applies a message of one or more reporting events to the raw events and the daily rollups.</summary>
public sealed class ApplyReportingEvent(EventMessageProcessor processor)
{
    [Function(nameof(ApplyReportingEvent))]
    public Task RunAsync(
        [QueueTrigger(QueueNames.ReportingEvents, Connection = QueueNames.Connection)] byte[] message,
        FunctionContext context,
        CancellationToken cancellationToken) =>
        processor.ApplyAsync(message, context.MessageId(), cancellationToken);
}
