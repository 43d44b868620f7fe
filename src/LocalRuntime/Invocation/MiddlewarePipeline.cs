using Microsoft.Azure.Functions.Worker.Middleware;

namespace LocalRuntime.Invocation;

/// <summary>The app's middleware, in the order added.</summary>
internal sealed class MiddlewarePipeline
{
    private readonly List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> _steps = [];

    public void Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> step)
    {
        ArgumentNullException.ThrowIfNull(step);
        _steps.Add(step);
    }

    public FunctionExecutionDelegate Build(FunctionExecutionDelegate last) =>
        Enumerable.Reverse(_steps).Aggregate(last, (next, step) => step(next));
}
