namespace LocalRuntime.Queues;

/// <summary>The right to a message, after it was put or updated.</summary>
/// <param name="MessageId">Identifies the message in its queue.</param>
/// <param name="PopReceipt">The right to update or delete it.</param>
/// <param name="NextVisibleOn">When the message becomes visible to receivers, UTC.</param>
public sealed record MessageReceipt(string MessageId, string PopReceipt, DateTimeOffset NextVisibleOn);
