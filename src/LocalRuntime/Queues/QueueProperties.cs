namespace LocalRuntime.Queues;

/// <summary>What a queue says of itself.</summary>
/// <param name="ApproximateMessageCount">How many messages it holds, hidden ones included; never below the true number.</param>
/// <param name="Metadata">The queue's metadata by name.</param>
public sealed record QueueProperties(int ApproximateMessageCount, IReadOnlyDictionary<string, string> Metadata);
