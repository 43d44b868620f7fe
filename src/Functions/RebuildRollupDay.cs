using Microsoft.Azure.Functions.Worker;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Poison;

namespace Tally.Functions;

/// <summary>Rebuilds the rollups of one day of an account from its raw events.</summary>
public sealed class RebuildRollupDay(BackfillWorker worker, LastTry lastTry)
{
    [Function(nameof(RebuildRollupDay))]
    public Task RunAsync(
        [QueueTrigger(QueueNames.ReportingBackfillDays, Connection = QueueNames.Connection)] byte[] message,
        FunctionContext context,
        CancellationToken cancellationToken) =>
        lastTry.RunAsync(
            context.Delivery(QueueNames.ReportingBackfillDays, message), token => worker.RebuildAsync(message, context.MessageId(), token), cancellationToken);
}
