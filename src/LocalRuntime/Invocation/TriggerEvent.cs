namespace LocalRuntime.Invocation;

/// <summary>What started an invocation.</summary>
internal sealed record TriggerEvent
{
    /// <summary>For the log: <c>New queue message detected on 'orders'.</c></summary>
    public required string Reason { get; init; }

    /// <summary>For the log: the message's id and dequeue count; empty for a timer.</summary>
    public string Details { get; init; } = "";

    /// <summary>What the trigger's parameter is bound to: a message's body, or a <c>TimerInfo</c>.</summary>
    public required object Value { get; init; }

    /// <summary>The trigger's metadata; called when somebody asks for it.</summary>
    public Func<IReadOnlyDictionary<string, object?>> Metadata { get; init; } = static () => new Dictionary<string, object?>();
}
