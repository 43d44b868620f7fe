using Microsoft.Extensions.Logging;
using NodaTime;
using Tally.Scheduling;

namespace Tally;

internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Information, "Billing day {Day:uuuu-MM-dd} refreshed: {Inserted} facts inserted, {Updated} updated, {Removed} removed")]
    public static partial void DayRefreshed(ILogger logger, LocalDate day, long inserted, long updated, long removed);

    [LoggerMessage(3002, LogLevel.Warning, "Billing day {Day:uuuu-MM-dd}: its month is closed; {Held} corrections are held until it is reopened")]
    public static partial void CorrectionsHeld(ILogger logger, LocalDate day, long held);

    [LoggerMessage(3003, LogLevel.Warning, "Billing day {Day:uuuu-MM-dd}: {Kept} facts were kept although their services' messages of that day are gone. Refresh the day with --force to remove them")]
    public static partial void FactsKept(ILogger logger, LocalDate day, long kept);

    [LoggerMessage(3004, LogLevel.Error, "Billing day {Day:uuuu-MM-dd} could not be refreshed")]
    public static partial void DayFailed(ILogger logger, LocalDate day, Exception exception);

    [LoggerMessage(3005, LogLevel.Information, "Billing refresh ended: {Outcome}")]
    public static partial void TickEnded(ILogger logger, RunOutcome outcome);

    [LoggerMessage(3006, LogLevel.Information, "Another worker holds the lease on the billing schedule")]
    public static partial void LeaseHeldElsewhere(ILogger logger);

    [LoggerMessage(3007, LogLevel.Information, "{Count} usage alerts put on the queue billing-alerts")]
    public static partial void AlertsSent(ILogger logger, int count);
}
