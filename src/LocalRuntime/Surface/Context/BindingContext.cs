namespace Microsoft.Azure.Functions.Worker;

/// <summary>What the trigger says of itself.</summary>
public abstract class BindingContext
{
    /// <summary>The trigger's metadata by name, regardless of case: strings as they are, everything else as JSON text.</summary>
    public abstract IReadOnlyDictionary<string, object?> BindingData { get; }
}
