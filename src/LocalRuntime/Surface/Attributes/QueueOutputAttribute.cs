using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>
/// Sends the function's result, or the property's value, to a queue after the function succeeded.
/// An array is sent as one message per element; null sends nothing.
/// </summary>
/// <param name="queueName">The queue's name; <c>%Setting%</c> stands for a setting's value.</param>
public sealed class QueueOutputAttribute(string queueName) : OutputBindingAttribute
{
    /// <summary>The queue's name as declared.</summary>
    public string QueueName { get; } = queueName;

    /// <summary>The setting that says how to connect; without it, <c>AzureWebJobsStorage</c>.</summary>
    public string? Connection { get; set; }
}
