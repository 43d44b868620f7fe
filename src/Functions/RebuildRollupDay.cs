using Microsoft.Azure.Functions.Worker;
using Tally.Reporting;
using Tally.Reporting.Backfill;

namespace Tally.Functions;

/// <summary>Rebuilds the rollups of one day of an account from its raw events.</summary>
public sealed class RebuildRollupDay(Backfills backfills)
{
    [Function(nameof(RebuildRollupDay))]
    public Task RunAsync(
        [QueueTrigger(QueueNames.ReportingBackfillDays, Connection = QueueNames.Connection)] byte[] message,
        FunctionContext context,
        CancellationToken cancellationToken) =>
        backfills.RebuildAsync(message, context.MessageId(), cancellationToken);
}
