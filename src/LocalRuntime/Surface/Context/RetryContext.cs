namespace Microsoft.Azure.Functions.Worker;

/// <summary>Which try of a function with a retry attribute this is.</summary>
public abstract class RetryContext
{
    /// <summary>0 on the first try.</summary>
    public abstract int RetryCount { get; }

    /// <summary>The attribute's limit; -1 for none.</summary>
    public abstract int MaxRetryCount { get; }
}
