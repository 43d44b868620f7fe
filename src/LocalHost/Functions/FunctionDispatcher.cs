using System.Collections.Concurrent;
using System.Diagnostics;
using LocalHost.Protocol;
using LocalHost.Workers;
using Microsoft.Azure.WebJobs;
using ExecutionContext = Microsoft.Azure.WebJobs.ExecutionContext;
using Trace = LocalHost.Protocol.Trace;

namespace LocalHost.Functions;

/// <summary>Runs functions in the worker: inputs there, outputs to their queues.</summary>
internal sealed class FunctionDispatcher(IEnumerable<AppFunction> functions, WorkerSupervisor workers) : IFunctionDispatcher, IDisposable
{
    // Outputs of one function that are put at once.
    private const int Writers = 8;

    private readonly Dictionary<string, AppFunction> _functions = functions.ToDictionary(function => function.Name);
    private readonly ConcurrentDictionary<string, Task> _running = new();
    private readonly CancellationTokenSource _stopping = new();

    public async Task InvokeAsync(string name, object trigger, Binder binder, ExecutionContext context, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = context.InvocationId.ToString();
        _running[id] = ended.Task;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
            var function = _functions[name];
            var worker = await workers.CurrentAsync(stop.Token);
            var response = await worker.Channel.InvokeAsync(Request(function, id, trigger, binder), stop.Token);
            if (response.Outcome?.Status != Outcome.Types.Status.Success) throw new FunctionFault(response.Outcome?.Fault, $"Function {name} was cancelled.");
            await WriteAsync(function, response, binder);
        }
        finally
        {
            _running.TryRemove(id, out _);
            ended.SetResult();
        }
    }

    /// <summary>Cancels what runs.</summary>
    public Task CancelAsync() => _stopping.CancelAsync();

    /// <summary>Completes when nothing runs that runs now.</summary>
    public Task WhenIdleAsync() => Task.WhenAll(_running.Values);

    public void Dispose() => _stopping.Dispose();

    private static InvocationRequest Request(AppFunction function, string invocationId, object trigger, Binder binder)
    {
        var request = new InvocationRequest { InvocationId = invocationId, FunctionId = function.Id, Trace = new Trace() };
        if (Activity.Current is { } activity) (request.Trace.Parent, request.Trace.State) = (activity.Id ?? "", activity.TraceStateString ?? "");
        request.Inputs.Add(new NamedValue { Name = function.Trigger.Name, Value = Values.OfTrigger(trigger) });
        foreach (var (key, value) in binder.BindingData)
            if (value is not null && key != "sys" && value is not TimerInfo)
                request.TriggerMetadata[key] = Values.Of(value);
        // They come before the message's own metadata of the same name, as in the Functions host.
        if (trigger is string text && Values.FieldsOf(text) is { } fields)
            foreach (var (key, value) in fields)
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
            var attribute = new QueueAttribute(output.QueueName);
            if (output.Connection is { } connection) attribute.Connection = connection;
            var queue = await binder.BindAsync<IAsyncCollector<byte[]>>(attribute);
            // Whole, whatever is cancelled meanwhile: the function has succeeded.
            await Parallel.ForEachAsync(messages, new ParallelOptions { MaxDegreeOfParallelism = Writers }, async (message, _) => await queue.AddAsync(message, CancellationToken.None));
        }
    }
}
