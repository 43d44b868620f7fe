using Microsoft.Extensions.Logging;

namespace Tally;

/// <summary>Every message that Tally logs. No payloads, no personal data, no secrets.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "Message {MessageId}: {Duplicates} of {Events} events had been applied before; nothing changed for them")]
    public static partial void EventsDuplicated(ILogger logger, string messageId, int duplicates, int events);

    [LoggerMessage(1002, LogLevel.Warning, "Message {MessageId}: event {EventId} of account {AccountId} is stored with other contents. The first stays; this one is dropped")]
    public static partial void EventConflict(ILogger logger, string messageId, Guid eventId, long accountId);

    [LoggerMessage(1003, LogLevel.Information, "Backfill {RequestId} of account {AccountId}: {From:yyyy-MM-dd} to {To:yyyy-MM-dd} split into {Halves} ranges and {Days} days")]
    public static partial void BackfillFannedOut(ILogger logger, Guid requestId, long accountId, DateOnly from, DateOnly to, int halves, int days);

    [LoggerMessage(1004, LogLevel.Warning, "Account {AccountId}, {Date:yyyy-MM-dd}: kept as it is, since its raw events are gone. Rebuild with force to replace it all the same")]
    public static partial void DayKept(ILogger logger, long accountId, DateOnly date);

    [LoggerMessage(1005, LogLevel.Information, "Backfill {RequestId} of account {AccountId} has nothing to do: {Reason}")]
    public static partial void BackfillEmpty(ILogger logger, Guid requestId, long accountId, string reason);
}
