using Microsoft.Extensions.Logging;

namespace LocalRuntime;

/// <summary>Every log message of the runtime. None holds a message's body or a secret.</summary>
internal static partial class Log
{
    // Invocations

    [LoggerMessage(1, LogLevel.Information, "Executing '{Function}' (Reason='{Reason}', Id={InvocationId}) {Details}")]
    public static partial void Executing(ILogger logger, string function, string reason, string invocationId, string details);

    [LoggerMessage(2, LogLevel.Information, "Executed '{Function}' (Succeeded, Id={InvocationId}, Duration={Milliseconds}ms)")]
    public static partial void Succeeded(ILogger logger, string function, string invocationId, long milliseconds);

    [LoggerMessage(3, LogLevel.Error, "Executed '{Function}' (Failed, Id={InvocationId}, Duration={Milliseconds}ms, Reason={FailureType}) {Details}")]
    public static partial void Failed(ILogger logger, Exception exception, string function, string invocationId, long milliseconds, string failureType, string details);

    // Host

    [LoggerMessage(10, LogLevel.Warning, "No functions found: no method of the app carries [Function].")]
    public static partial void NoFunctions(ILogger logger);

    [LoggerMessage(11, LogLevel.Information, "Function '{Function}' is disabled by its setting")]
    public static partial void FunctionDisabled(ILogger logger, string function);

    [LoggerMessage(12, LogLevel.Critical, "A trigger ended by a fault; its function runs no more until the app is restarted")]
    public static partial void ListenerFailed(ILogger logger, Exception exception);

    [LoggerMessage(13, LogLevel.Warning, "Functions still run after the grace of {Grace}; the host stops without them")]
    public static partial void ShutdownGraceOver(ILogger logger, TimeSpan grace);

    [LoggerMessage(14, LogLevel.Information, "Admin endpoint: {Address} (POST /admin/functions/NAME with {{\"input\": \"...\"}})")]
    public static partial void AdminEndpointStarted(ILogger logger, Uri address);

    [LoggerMessage(15, LogLevel.Warning, "Admin request refused: {Reason}")]
    public static partial void AdminRequestRefused(ILogger logger, string reason);

    // Queues

    [LoggerMessage(20, LogLevel.Information, "Listening for '{Function}' on queue '{Queue}'")]
    public static partial void ListenerStarted(ILogger logger, string function, string queue);

    [LoggerMessage(21, LogLevel.Information, "Stopped listening for '{Function}' on queue '{Queue}'")]
    public static partial void ListenerStopped(ILogger logger, string function, string queue);

    [LoggerMessage(22, LogLevel.Error, "Messages for '{Function}' cannot be received from queue '{Queue}'; trying on")]
    public static partial void QueueUnreachable(ILogger logger, Exception exception, string function, string queue);

    [LoggerMessage(23, LogLevel.Information, "Messages can be received from queue '{Queue}' again")]
    public static partial void QueueReachable(ILogger logger, string queue);

    [LoggerMessage(24, LogLevel.Debug, "Message {MessageId} of queue '{Queue}' stays hidden for another {Invisibility}")]
    public static partial void VisibilityRenewed(ILogger logger, string messageId, string queue, TimeSpan invisibility);

    [LoggerMessage(25, LogLevel.Warning, "Message {MessageId} of queue '{Queue}' could not be kept hidden this time; trying on")]
    public static partial void VisibilityNotRenewed(ILogger logger, Exception exception, string messageId, string queue);

    [LoggerMessage(26, LogLevel.Warning, "Message {MessageId} of queue '{Queue}' is no longer this host's; it may run twice")]
    public static partial void MessageLost(ILogger logger, Exception exception, string messageId, string queue);

    [LoggerMessage(27, LogLevel.Error, "Message {MessageId} of queue '{Queue}' could not be settled; it comes back when its invisibility is over")]
    public static partial void MessageNotSettled(ILogger logger, Exception exception, string messageId, string queue);

    [LoggerMessage(28, LogLevel.Warning, "Message {MessageId} given back to queue '{Queue}': '{Function}' had not ended when the host stopped")]
    public static partial void MessageUnfinished(ILogger logger, string messageId, string function, string queue);

    [LoggerMessage(29, LogLevel.Error, "Message {MessageId} (received {DequeueCount} times) moved to queue '{PoisonQueue}': {Reason}")]
    public static partial void MessagePoisoned(ILogger logger, string messageId, long dequeueCount, string poisonQueue, string reason);

    [LoggerMessage(30, LogLevel.Error, "Message {MessageId} (received {DequeueCount} times) stays in queue '{Queue}', which has no poison queue: {Reason}")]
    public static partial void MessageWithoutPoisonQueue(ILogger logger, string messageId, long dequeueCount, string queue, string reason);

    [LoggerMessage(31, LogLevel.Warning, "Connection '{Connection}' is configured nowhere, so '{Fallback}' is used. Azure's host would not start the function: set the connection there.")]
    public static partial void ConnectionMissing(ILogger logger, string connection, string fallback);

    // Timers

    [LoggerMessage(40, LogLevel.Information, "'{Function}' runs on schedule '{Schedule}', next at {Next:u}")]
    public static partial void TimerStarted(ILogger logger, string function, string schedule, DateTime next);

    [LoggerMessage(41, LogLevel.Information, "'{Function}' is run by another process that shares the state directory; this one stands by")]
    public static partial void TimerRunsElsewhere(ILogger logger, string function);

    [LoggerMessage(42, LogLevel.Warning, "'{Function}' failed; retry {Retry} follows in {Delay}")]
    public static partial void TimerRetry(ILogger logger, string function, int retry, TimeSpan delay);

    [LoggerMessage(43, LogLevel.Warning, "The timer's record {Path} cannot be read; its schedule starts anew")]
    public static partial void TimerStatusUnreadable(ILogger logger, Exception exception, string path);

    [LoggerMessage(44, LogLevel.Error, "The timer's record {Path} cannot be written; after a restart a missed run is not noticed")]
    public static partial void TimerStatusNotWritten(ILogger logger, Exception exception, string path);
}
