using System.Collections.Concurrent;
using System.Diagnostics;
using LocalHost.Protocol;
using LocalHost.Workers;
using Microsoft.Azure.WebJobs;
using ExecutionContext = Microsoft.Azure.WebJobs.ExecutionContext;
using Trace = LocalHost.Protocol.Trace;

namespace LocalHost.Functions;

/// <summary>Runs functions in the worker: inputs there, outputs to their queues.</summary>
internal sealed class FunctionDispatcher(WorkerSupervisor workers) : IDisposable
{
    // Outputs of one function that are put at once.
    private const int Writers = 8;

    private readonly ConcurrentDictionary<Guid, Task> _running = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Runs a function in the worker and writes its outputs.</summary>
    /// <param name="function">The function.</param>
    /// <param name="trigger">The message, as text or bytes, or the timer's state.</param>
    /// <param name="binder">Binds the outputs.</param>
    /// <param name="context">The invocation.</param>
    /// <param name="cancellationToken">Cancelled when its time is up or the host stops.</param>
    /// <exception cref="HostException">The function failed, or its worker.</exception>
    public async Task InvokeAsync(AppFunction function, object trigger, Binder binder, ExecutionContext context, CancellationToken cancellationToken)
    {
        var run = RunAsync(function, trigger, binder, context, cancellationToken);
        _running[context.InvocationId] = run;
        try
        {
            await run;
        }
        finally
        {
            _running.TryRemove(context.InvocationId, out _);
        }
    }

    /// <summary>Cancels what runs.</summary>
    public Task CancelAsync() => _stopping.CancelAsync();

    /// <summary>Completes when nothing runs that runs now.</summary>
    public async Task WhenIdleAsync() => await Task.WhenAll(_running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync(AppFunction function, object trigger, Binder binder, ExecutionContext context, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        var worker = await workers.CurrentAsync(stop.Token);
        var response = await worker.Channel.InvokeAsync(Request(function, context.InvocationId.ToString(), trigger, binder), stop.Token);
        await WriteAsync(function, response, binder);
    }

    private static InvocationRequest Request(AppFunction function, string invocationId, object trigger, Binder binder)
    {
        var request = new InvocationRequest { InvocationId = invocationId, FunctionId = function.Id, Trace = new Trace() };
        if (Activity.Current is { } activity) (request.Trace.Parent, request.Trace.State) = (activity.Id ?? "", activity.TraceStateString ?? "");
        request.Inputs.Add(new NamedValue { Name = function.Trigger.Name, Value = Values.Of(trigger) });
        foreach (var (key, value) in binder.BindingData)
            if (value is not null && key != "sys" && value is not TimerInfo)
                request.TriggerMetadata[key] = Values.Of(value);
        // They come before the message's own metadata of the same name, as in the Functions host.
        if (trigger is string text)
            foreach (var (key, value) in Values.FieldsOf(text))
                request.TriggerMetadata[key] = value;
        return request;
    }

    private static async Task WriteAsync(AppFunction function, InvocationResponse response, Binder binder)
    {
        foreach (var output in function.Outputs)
        {
            var value = output.Name == "$return" ? response.Returned : response.Outputs.FirstOrDefault(named => named.Name == output.Name)?.Value;
            var messages = Values.Messages(value).ToList();
            if (messages.Count == 0) continue;
            var queue = await binder.BindAsync<IAsyncCollector<byte[]>>(new QueueAttribute(output.QueueName) { Connection = output.Connection });
            // Whole, whatever is cancelled meanwhile: the function has succeeded.
            await Parallel.ForEachAsync(messages, new ParallelOptions { MaxDegreeOfParallelism = Writers }, async (message, _) => await queue.AddAsync(message, CancellationToken.None));
        }
    }
}
