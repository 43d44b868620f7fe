using Microsoft.Extensions.Logging;
using Tally.Scheduling;

namespace Tally;

internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "Message {MessageId}: {Duplicates} of {Events} events had been applied before; nothing changed for them")]
    public static partial void EventsDuplicated(ILogger logger, string messageId, int duplicates, int events);

    [LoggerMessage(1002, LogLevel.Warning, "Message {MessageId}: event {EventId} of account {AccountId} is stored with other contents. The first stays; this one is dropped")]
    public static partial void EventConflict(ILogger logger, string messageId, Guid eventId, long accountId);

    [LoggerMessage(1003, LogLevel.Information, "Backfill {RequestId} of account {AccountId}: {From:yyyy-MM-dd} to {To:yyyy-MM-dd} split into {Halves} ranges and {Days} days")]
    public static partial void BackfillFannedOut(ILogger logger, Guid requestId, long accountId, DateOnly from, DateOnly to, int halves, int days);

    [LoggerMessage(1004, LogLevel.Warning, "Account {AccountId}, {Date:yyyy-MM-dd}: its raw events are gone; what its rollups hold is kept as its base. 'tally rollups drop-base' drops it")]
    public static partial void DayKept(ILogger logger, long accountId, DateOnly date);

    [LoggerMessage(1005, LogLevel.Information, "Backfill {RequestId} of account {AccountId} has nothing to do: {Reason}")]
    public static partial void BackfillEmpty(ILogger logger, Guid requestId, long accountId, string reason);

    [LoggerMessage(1006, LogLevel.Warning, "Account {AccountId}, {Date:yyyy-MM-dd}: {Rows} rollup rows differ from the raw events. The first, {DimensionType} {DimensionId} {Metric}, holds {Found}; the events say {Expected}. The day is marked dirty and will be rebuilt")]
    public static partial void RollupsDrifted(ILogger logger, long accountId, DateOnly date, int rows, string dimensionType, long dimensionId, string metric, string found, string expected);

    [LoggerMessage(1007, LogLevel.Information, "Reconcile: {Outcome}. {Accounts} accounts and {Days} days verified, {Differing} days differ; {DayMessages} days and {RangeMessages} ranges are queued")]
    public static partial void Reconciled(ILogger logger, RunOutcome outcome, int accounts, int days, int differing, int dayMessages, int rangeMessages);

    [LoggerMessage(1008, LogLevel.Error, "Reconcile of account {AccountId} failed; its turn comes again in the next pass")]
    public static partial void ReconcileFailed(ILogger logger, long accountId, Exception exception);

    [LoggerMessage(1009, LogLevel.Information, "Account {AccountId}, {Date:yyyy-MM-dd}: {Purged} raw events removed, {Kept} bot events kept; what they counted is in the day's base")]
    public static partial void DayPurged(ILogger logger, long accountId, DateOnly date, long purged, long kept);

    [LoggerMessage(1010, LogLevel.Information, "Purge: {Outcome}. {Days} days with {Events} raw events removed, {Ids} ids forgotten")]
    public static partial void Purged(ILogger logger, RunOutcome outcome, int days, long events, long ids);

    [LoggerMessage(1011, LogLevel.Error, "Purge of account {AccountId} failed; its turn comes again in the next pass")]
    public static partial void PurgeFailed(ILogger logger, long accountId, Exception exception);

    [LoggerMessage(1012, LogLevel.Information, "Account {AccountId}: {Events} raw events erased, {Rebuilt} days rebuilt")]
    public static partial void EventsErased(ILogger logger, long accountId, long events, int rebuilt);

    [LoggerMessage(1013, LogLevel.Information, "Account {AccountId} is erased, with {Rows} rows of events, rollups and their states")]
    public static partial void AccountErased(ILogger logger, long accountId, long rows);

    [LoggerMessage(1017, LogLevel.Warning, "Finished what was left off: {Erasures} erasures of accounts, {Requests} backfill requests put on their queue")]
    public static partial void UnfinishedWorkDone(ILogger logger, int erasures, int requests);

    [LoggerMessage(1018, LogLevel.Information, "Message {MessageId}: {Events} events of erased accounts are dropped")]
    public static partial void ErasedEventsDropped(ILogger logger, string messageId, int events);

    [LoggerMessage(1019, LogLevel.Warning, "Account {AccountId}: {Days} days are uncovered and will be rebuilt, newest first; the time zone data {Version} cut them with other windows, or they were on no record")]
    public static partial void DaysUncovered(ILogger logger, long accountId, int days, string version);

    [LoggerMessage(1021, LogLevel.Warning, "{Messages} messages of poison queues were on no record and now are; 'tally queues peek' shows their reasons")]
    public static partial void PoisonSwept(ILogger logger, int messages);
}
