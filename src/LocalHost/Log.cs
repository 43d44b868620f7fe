using Microsoft.Extensions.Logging;

namespace LocalHost;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Line}")]
    public static partial void WorkerOutput(ILogger logger, string line);

    [LoggerMessage(2, LogLevel.Error, "{Line}")]
    public static partial void WorkerError(ILogger logger, string line);

    [LoggerMessage(4, LogLevel.Information, "The worker runs as process {ProcessId}.")]
    public static partial void WorkerStarted(ILogger logger, int processId);

    [LoggerMessage(5, LogLevel.Error, "{Ending} The next one starts in {Pause}.")]
    public static partial void WorkerEnded(ILogger logger, string ending, TimeSpan pause);

    [LoggerMessage(6, LogLevel.Error, "Function {Function} did not end within its grace: the worker is ended, and with it everything that runs in it.")]
    public static partial void WorkerKilledForTimeout(ILogger logger, string function);

    [LoggerMessage(7, LogLevel.Error, "The progress of timer {Timer} was not kept.")]
    public static partial void TimerProgressLost(ILogger logger, Exception exception, string timer);

    [LoggerMessage(8, LogLevel.Error, "The storage does not answer ({Reason}). Check AzureWebJobsStorage and the queues' connection; the next try is in {Pause}.")]
    public static partial void StorageLost(ILogger logger, string reason, TimeSpan pause);

    [LoggerMessage(9, LogLevel.Information, "Host started: {Functions} functions, admin endpoint {Address}")]
    public static partial void Started(ILogger logger, int functions, Uri address);

    [LoggerMessage(10, LogLevel.Information, "Application is shutting down: running functions end ...")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(11, LogLevel.Warning, "Running functions are cancelled.")]
    public static partial void Cancelling(ILogger logger);

    [LoggerMessage(12, LogLevel.Warning, "Functions did not end in {Grace}; their messages come back.")]
    public static partial void GraceOver(ILogger logger, TimeSpan grace);

    [LoggerMessage(13, LogLevel.Warning, "Refused a request to the admin endpoint: {Reason}.")]
    public static partial void AdminRequestRefused(ILogger logger, string reason);

    [LoggerMessage(14, LogLevel.Error, "A run of {Function} that was asked for by hand failed.")]
    public static partial void ManualRunFailed(ILogger logger, Exception exception, string function);

    /// <summary>A line of the worker's own loggers, at its level.</summary>
    public static void FromWorker(ILogger logger, LogLevel level, string text) => logger.Log(level, 3, text, null, static (state, _) => state);
}
