using Microsoft.Extensions.Logging;

namespace Tally;

internal static partial class Log
{
    [LoggerMessage(1020, LogLevel.Warning, "{Function} was cancelled after {End}, since its host would have ended it soon; its box is {Box}. What is committed stays. Look for what holds locks or the disk")]
    public static partial void RunCutOff(ILogger logger, string function, TimeSpan box, TimeSpan end);
}
