using Microsoft.Azure.Functions.Worker;
using Tally.Reporting;

namespace Tally.Functions;

/// <summary>Rebuilds the rollups of one day of an account from its raw events.</summary>
public sealed class RebuildRollupDay(Backfills backfills)
{
    [Function(nameof(RebuildRollupDay))]
    public Task RunAsync(
        [QueueTrigger(QueueNames.ReportingBackfillDays, Connection = QueueNames.Connection)] string message,
        FunctionContext context,
        CancellationToken cancellationToken) =>
        backfills.RebuildAsync(message, context.MessageId(), cancellationToken);
}
