namespace LocalRuntime.Queues;

/// <summary>The queue service refused a request or could not be reached.</summary>
/// <param name="message">What failed and why; holds neither keys nor message bodies.</param>
/// <param name="status">The HTTP status; 0 when there was no answer.</param>
/// <param name="errorCode">The service's error code, such as <c>QueueNotFound</c>; null when it gave none.</param>
/// <param name="queueName">The queue; null for a request about the whole service.</param>
/// <param name="innerException">The fault below.</param>
public sealed class QueueStorageException(string message, int status, string? errorCode, string? queueName, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>The HTTP status; 0 when there was no answer.</summary>
    public int Status { get; } = status;

    /// <summary>The service's error code, such as <c>QueueNotFound</c>.</summary>
    public string? ErrorCode { get; } = errorCode;

    /// <summary>The queue; null for a request about the whole service.</summary>
    public string? QueueName { get; } = queueName;

    /// <summary>Whether trying again later can help: no answer, too busy, or a fault of the service.</summary>
    public bool IsTransient => Status is 0 or 408 or 429 or >= 500;
}
