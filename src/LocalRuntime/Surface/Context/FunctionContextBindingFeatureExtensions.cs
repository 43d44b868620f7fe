using LocalRuntime.Invocation;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>An invocation's result, for middleware.</summary>
public static class FunctionContextBindingFeatureExtensions
{
    /// <summary>The function's result; set its value to replace what is written to the outputs.</summary>
    public static InvocationResult GetInvocationResult(this FunctionContext context) =>
        new LocalInvocationResult(InvocationResultFeature.Of(context));

    /// <summary>The function's result as a <typeparamref name="T"/>.</summary>
    /// <exception cref="InvalidOperationException">The result is of another type.</exception>
    public static InvocationResult<T> GetInvocationResult<T>(this FunctionContext context)
    {
        var feature = InvocationResultFeature.Of(context);
        return feature.Value is T
            ? new LocalInvocationResult<T>(feature)
            : throw new InvalidOperationException($"The result of the invocation is {feature.Value?.GetType().ToString() ?? "null"}, not {typeof(T)}.");
    }
}
