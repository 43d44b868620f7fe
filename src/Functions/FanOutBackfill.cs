using Microsoft.Azure.Functions.Worker;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Poison;

namespace Tally.Functions;

/// <summary>Splits a range of days to rebuild into halves, and a short one into its days.</summary>
public sealed class FanOutBackfill(BackfillSplitter splitter, LastTry lastTry)
{
    [Function(nameof(FanOutBackfill))]
    public async Task<FanOutBackfillOutput> RunAsync(
        [QueueTrigger(QueueNames.ReportingBackfills, Connection = QueueNames.Connection)] byte[] message,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        var fanOut = await lastTry.RunAsync(
            context.Delivery(QueueNames.ReportingBackfills, message), token => splitter.FanOutAsync(message, context.MessageId(), token), cancellationToken);
        return new FanOutBackfillOutput { Ranges = [.. fanOut.Ranges], Days = [.. fanOut.Days] };
    }
}

/// <summary>The messages that a backfill message splits into.</summary>
public sealed class FanOutBackfillOutput
{
    [QueueOutput(QueueNames.ReportingBackfills, Connection = QueueNames.Connection)]
    public required BackfillMessage[] Ranges { get; init; }

    [QueueOutput(QueueNames.ReportingBackfillDays, Connection = QueueNames.Connection)]
    public required BackfillDayMessage[] Days { get; init; }
}
