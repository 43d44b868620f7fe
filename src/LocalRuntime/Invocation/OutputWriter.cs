using LocalRuntime.Configuration;
using LocalRuntime.Discovery;
using LocalRuntime.QueueTriggers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace LocalRuntime.Invocation;

/// <summary>Sends what a function returned to its queues, in the order of an array's elements, different queues side by side.</summary>
internal sealed class OutputWriter(QueueServices services, QueueWakeUps wakeUps, HostSettings settings, IOptions<WorkerOptions> worker)
{
    public Task WriteAsync(FunctionDescriptor function, object? result, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return result is null
            ? Task.CompletedTask
            : Task.WhenAll(function.Outputs.Select(output => WriteAsync(output, result, cancellationToken)));
    }

    private async Task WriteAsync(QueueOutputDescriptor output, object result, CancellationToken cancellationToken)
    {
        var value = output.Property is { } property ? property.GetValue(result) : result;
        var queue = services.Get(output.Connection).GetQueue(output.QueueName, settings.Queues.MessageEncoding);
        foreach (var body in OutputMessages.From(value, worker.Value.Serializer!))
        {
            await queue.PutOrCreateAsync(body, cancellationToken);
            wakeUps.Notify(queue.Uri);
        }
    }
}
