namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs a failed function again. Timers take it; queue triggers do not, they have the queue's own dequeue count.</summary>
[AttributeUsage(AttributeTargets.Method)]
public abstract class RetryAttribute : Attribute
{
    /// <summary>How often to run again after the first failure; -1 for ever.</summary>
    public int MaxRetryCount { get; set; }
}
