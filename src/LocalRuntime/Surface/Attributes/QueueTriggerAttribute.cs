using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs the function for each message of a queue and binds the parameter to the message's body.</summary>
/// <param name="queueName">The queue's name; <c>%Setting%</c> stands for a setting's value.</param>
public sealed class QueueTriggerAttribute(string queueName) : TriggerBindingAttribute
{
    /// <summary>The queue's name as declared.</summary>
    public string QueueName { get; } = queueName;

    /// <summary>The setting that says how to connect; without it, <c>AzureWebJobsStorage</c>.</summary>
    public string? Connection { get; set; }
}
