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
}
