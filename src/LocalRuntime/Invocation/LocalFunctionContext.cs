using System.Diagnostics;
using LocalRuntime.Discovery;
using Microsoft.Azure.Functions.Worker;

namespace LocalRuntime.Invocation;

internal sealed class LocalFunctionContext(
    string invocationId, FunctionDescriptor function, FunctionDefinition definition, TriggerEvent trigger, RetryContext? retry,
    IServiceProvider services, CancellationToken cancellationToken) : FunctionContext
{
    public FunctionDescriptor Function => function;

    public TriggerEvent Trigger => trigger;

    public override string InvocationId => invocationId;

    public override string FunctionId => definition.Id;

    public override TraceContext TraceContext { get; } = new LocalTraceContext(Activity.Current);

    public override BindingContext BindingContext { get; } = new LocalBindingContext(trigger);

    // The real worker declares this as never null and hands out null for a function without a retry attribute.
    public override RetryContext RetryContext => retry!;

    public override IServiceProvider InstanceServices { get; set; } = services;

    public override FunctionDefinition FunctionDefinition => definition;

    public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

    public override IInvocationFeatures Features { get; } = new InvocationFeatures();

    public override CancellationToken CancellationToken => cancellationToken;

    private sealed class LocalBindingContext(TriggerEvent trigger) : BindingContext
    {
        private readonly Lazy<IReadOnlyDictionary<string, object?>> _data = new(trigger.Metadata);

        public override IReadOnlyDictionary<string, object?> BindingData => _data.Value;
    }

    private sealed class LocalTraceContext(Activity? activity) : TraceContext
    {
        public override string TraceParent { get; } = activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id }
            ? id
            : $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";

        public override string TraceState { get; } = activity?.TraceStateString ?? "";
    }
}

/// <summary>Which try of a timer function this is.</summary>
internal sealed class LocalRetryContext(int retryCount, int maxRetryCount) : RetryContext
{
    public override int RetryCount => retryCount;

    public override int MaxRetryCount => maxRetryCount;
}
