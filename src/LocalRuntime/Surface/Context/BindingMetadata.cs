namespace Microsoft.Azure.Functions.Worker;

/// <summary>A trigger or output of a function.</summary>
public abstract class BindingMetadata
{
    /// <summary>The parameter, the property, or <c>$return</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Such as <c>queueTrigger</c>, <c>timerTrigger</c>, <c>queue</c>.</summary>
    public abstract string Type { get; }

    /// <summary>Whether the function reads or writes it.</summary>
    public abstract BindingDirection Direction { get; }
}
