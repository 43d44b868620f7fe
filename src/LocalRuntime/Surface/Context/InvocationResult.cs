namespace Microsoft.Azure.Functions.Worker;

/// <summary>What a function returned; middleware may replace it.</summary>
public abstract class InvocationResult : InvocationResult<object>;

/// <summary>What a function returned, typed; middleware may replace it.</summary>
public abstract class InvocationResult<T>
{
    /// <summary>The returned value.</summary>
    public abstract T? Value { get; set; }
}
