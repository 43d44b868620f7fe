namespace LocalRuntime.Configuration;

/// <summary>What LocalRuntime obeys of host.json.</summary>
internal sealed record HostSettings
{
    /// <summary>The longest that one invocation may take; null for no limit.</summary>
    public required TimeSpan? FunctionTimeout { get; init; }

    public required QueueSettings Queues { get; init; }
}
