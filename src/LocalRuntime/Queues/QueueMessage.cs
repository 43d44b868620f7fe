namespace LocalRuntime.Queues;

/// <summary>A message as read from a queue. All times are UTC.</summary>
public sealed record QueueMessage
{
    /// <summary>Identifies the message in its queue.</summary>
    public required string Id { get; init; }

    /// <summary>The right to update or delete the message, until somebody else receives it. Null when it was only peeked at.</summary>
    public string? PopReceipt { get; init; }

    /// <summary>The message as stored in the queue, before decoding.</summary>
    public required string RawText { get; init; }

    /// <summary>The decoded body; when <see cref="IsDecodable"/> is false, the stored text's bytes.</summary>
    public required BinaryData Body { get; init; }

    /// <summary>False when the stored text is not in the queue's encoding.</summary>
    public required bool IsDecodable { get; init; }

    /// <summary>When the message was put.</summary>
    public required DateTimeOffset InsertedOn { get; init; }

    /// <summary>When the queue drops the message.</summary>
    public required DateTimeOffset ExpiresOn { get; init; }

    /// <summary>When the message becomes visible to others again. Null when it was only peeked at.</summary>
    public DateTimeOffset? NextVisibleOn { get; init; }

    /// <summary>How often the message has been received, this time included.</summary>
    public required long DequeueCount { get; init; }

    /// <summary>The body as UTF-8 text.</summary>
    public string Text => Body.ToString();
}
