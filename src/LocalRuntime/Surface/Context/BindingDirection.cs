namespace Microsoft.Azure.Functions.Worker;

/// <summary>Whether a function reads or writes a binding.</summary>
public enum BindingDirection
{
    /// <summary>The function reads it.</summary>
    In,

    /// <summary>The function writes it.</summary>
    Out,
}
