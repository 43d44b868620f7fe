using Microsoft.Extensions.Logging;

namespace Tally;

internal static partial class Log
{
    [LoggerMessage(1014, LogLevel.Error, "The database does not take the work (SQLSTATE {SqlState}). {Advice} Messages wait for it; this is said once, until it does again")]
    public static partial void OutageBegan(ILogger logger, string sqlState, string advice, Exception exception);

    [LoggerMessage(1015, LogLevel.Information, "The database takes the work again, after {Seconds} s")]
    public static partial void OutageEnded(ILogger logger, long seconds);
}
