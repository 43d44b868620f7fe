using Microsoft.Extensions.Logging;
using NodaTime;
using Tally.Scheduling;

namespace Tally;

internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Information, "Value stream counts of group {Group} are complete for {Month}")]
    public static partial void GroupCompleted(ILogger logger, long group, LocalDate month);

    [LoggerMessage(4002, LogLevel.Warning, "Group {Group} has no licence for value stream counts and is disabled")]
    public static partial void GroupDisabled(ILogger logger, long group);

    [LoggerMessage(4003, LogLevel.Warning, "Group {Group} was disabled, reset or taken over while it was counted for {Month}; this worker drops it")]
    public static partial void RunLost(ILogger logger, long group, LocalDate month);

    [LoggerMessage(4004, LogLevel.Error, "Counting {Place} of group {Group} for {Month} failed, attempt {Attempt} of {MaxAttempts}; the next is smaller")]
    public static partial void GroupFailed(ILogger logger, long group, LocalDate month, int attempt, int maxAttempts, string place, Exception exception);

    [LoggerMessage(4005, LogLevel.Information, "Value stream count ended: {Outcome}, {Completed} groups completed, {Failing} failing, {Rows} counts written")]
    public static partial void RunEnded(ILogger logger, RunOutcome outcome, int completed, int failing, long rows);
}
