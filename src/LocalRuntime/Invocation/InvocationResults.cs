using Microsoft.Azure.Functions.Worker;

namespace LocalRuntime.Invocation;

/// <summary>Holds what the function returned until the outputs are written.</summary>
internal sealed class InvocationResultFeature
{
    public object? Value { get; set; }

    public static InvocationResultFeature Of(FunctionContext context)
    {
        if (context.Features.Get<InvocationResultFeature>() is { } feature) return feature;
        feature = new InvocationResultFeature();
        context.Features.Set(feature);
        return feature;
    }
}

internal sealed class LocalInvocationResult(InvocationResultFeature feature) : InvocationResult
{
    public override object? Value
    {
        get => feature.Value;
        set => feature.Value = value;
    }
}

internal sealed class LocalInvocationResult<T>(InvocationResultFeature feature) : InvocationResult<T>
{
    public override T? Value
    {
        get => (T?)feature.Value;
        set => feature.Value = value;
    }
}
