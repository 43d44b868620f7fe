using Microsoft.Extensions.Logging;

namespace Tally;

/// <summary>Every message that Tally logs, a file for each feature. No payloads, no personal data, no secrets.</summary>
internal static partial class Log
{
    [LoggerMessage(1016, LogLevel.Warning, "The failure of {What} could not be recorded; the failure itself is thrown")]
    public static partial void FailureNotRecorded(ILogger logger, string what, Exception exception);
}
