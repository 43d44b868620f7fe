namespace LocalRuntime.Queues;

/// <summary>How a message's body is written into the queue.</summary>
public enum QueueMessageEncoding
{
    /// <summary>As Base64 of the body's bytes: any bytes fit. What the Functions host expects by default.</summary>
    Base64,

    /// <summary>As it is: text only, and only characters that XML 1.0 can carry.</summary>
    None,
}
