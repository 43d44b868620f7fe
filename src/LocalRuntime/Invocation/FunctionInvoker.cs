using System.Collections.Concurrent;
using System.Diagnostics;
using LocalRuntime.Discovery;
using LocalRuntime.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LocalRuntime.Invocation;

/// <summary>
/// Runs one invocation: a scope, the middleware, the function, its outputs. A failure is an outcome, not an exception:
/// the trigger decides what follows from it.
/// </summary>
internal sealed class FunctionInvoker(
    IServiceScopeFactory scopes, MiddlewarePipeline pipeline, FunctionMethod method, InvocationTimeout timeout, OutputWriter outputs,
    TimeProvider clock, ILoggerFactory loggers)
{
    /// <summary>The name under which the real worker's activities are found too.</summary>
    public const string ActivitySourceName = "Microsoft.Azure.Functions.Worker";

    private static readonly ActivitySource Activities = new(ActivitySourceName);

    private readonly FunctionExecutionDelegate _execute = pipeline.Build(async context =>
        InvocationResultFeature.Of(context).Value = await method.CallAsync((LocalFunctionContext)context));

    private readonly ConcurrentDictionary<FunctionDescriptor, FunctionDefinition> _definitions = new(ReferenceEqualityComparer.Instance);

    /// <param name="function">The function.</param>
    /// <param name="trigger">What started it.</param>
    /// <param name="stopping">Cancels the function's token: the host stops.</param>
    /// <param name="retry">Which try this is; null without a retry attribute.</param>
    public async Task<InvocationOutcome> InvokeAsync(FunctionDescriptor function, TriggerEvent trigger, CancellationToken stopping, RetryContext? retry = null)
    {
        var invocationId = Guid.NewGuid().ToString();
        var logger = loggers.CreateLogger($"Function.{function.Name}");
        using var scope = logger.BeginScope(new Dictionary<string, object> { ["InvocationId"] = invocationId, ["FunctionName"] = function.Name });
        using var activity = Activities.StartActivity($"function {function.Name}", ActivityKind.Server);
        activity?.SetTag("faas.name", function.Name).SetTag("faas.invocation_id", invocationId);

        Log.Executing(logger, function.Name, trigger.Reason, invocationId, trigger.Details);
        var started = clock.GetTimestamp();
        try
        {
            await timeout.RunAsync(function.Name, (token, timeUp) => RunAsync(function, trigger, invocationId, retry, token, timeUp), stopping);
            Log.Succeeded(logger, function.Name, invocationId, Milliseconds(started));
            return new InvocationOutcome(invocationId, null);
        }
        catch (Exception failure)
        {
            activity?.SetStatus(ActivityStatusCode.Error, failure.GetType().Name);
            Log.Failed(logger, failure, function.Name, invocationId, Milliseconds(started), failure.GetType().Name, trigger.Details);
            return new InvocationOutcome(invocationId, failure);
        }
    }

    private async Task RunAsync(
        FunctionDescriptor function, TriggerEvent trigger, string invocationId, RetryContext? retry, CancellationToken cancellationToken, CancellationToken timeUp)
    {
        var definition = _definitions.GetOrAdd(function, static function => new LocalFunctionDefinition(function));
        await using var scope = scopes.CreateAsyncScope();
        var context = new LocalFunctionContext(invocationId, function, definition, trigger, retry, scope.ServiceProvider, cancellationToken);

        // Off the caller's thread: a function that computes before its first await must not hold up the others of its batch.
        await Task.Run(() => _execute(context), CancellationToken.None);

        // A function that succeeded while the host stops has succeeded; only the end of its time keeps its outputs back.
        await outputs.WriteAsync(function, InvocationResultFeature.Of(context).Value, timeUp);
    }

    private long Milliseconds(long started) => (long)clock.GetElapsedTime(started).TotalMilliseconds;
}
