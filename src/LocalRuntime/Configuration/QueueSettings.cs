using LocalRuntime.Queues;

namespace LocalRuntime.Configuration;

/// <summary>host.json <c>extensions.queues</c>.</summary>
internal sealed record QueueSettings
{
    /// <summary>How many messages one call receives, 1 to 32.</summary>
    public required int BatchSize { get; init; }

    /// <summary>The next batch is received when no more than this many messages are in work.</summary>
    public required int NewBatchThreshold { get; init; }

    /// <summary>How many tries a message has before it goes to the poison queue.</summary>
    public required int MaxDequeueCount { get; init; }

    /// <summary>How long a message stays hidden after a failed try.</summary>
    public required TimeSpan VisibilityTimeout { get; init; }

    /// <summary>The longest pause between two looks at an empty queue.</summary>
    public required TimeSpan MaxPollingInterval { get; init; }

    /// <summary>How bodies are written into the queue.</summary>
    public required QueueMessageEncoding MessageEncoding { get; init; }
}
