using System.Collections.Immutable;
using Microsoft.Azure.Functions.Worker;

namespace Tally.Tests.Functions;

/// <summary>An invocation that a queue message triggered.</summary>
internal sealed class FakeFunctionContext(IReadOnlyDictionary<string, object?> bindingData) : FunctionContext
{
    public override string InvocationId { get; } = "the-invocation";

    public override BindingContext BindingContext { get; } = new FakeBindingContext(bindingData);

    public override string FunctionId => throw new NotSupportedException();

    public override TraceContext TraceContext { get; } = new NoTrace();

    public override RetryContext RetryContext => throw new NotSupportedException();

    public override IServiceProvider InstanceServices { get; set; } = null!;

    public override FunctionDefinition FunctionDefinition { get; } = new FakeDefinition();

    public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

    public override IInvocationFeatures Features => throw new NotSupportedException();

    public static FakeFunctionContext OfMessage(string id) => new(new Dictionary<string, object?> { ["Id"] = id });

    private sealed class NoTrace : TraceContext
    {
        public override string TraceParent => "";

        public override string TraceState => "";
    }

    private sealed class FakeDefinition : FunctionDefinition
    {
        public override string Name => "TheFunction";

        public override ImmutableArray<FunctionParameter> Parameters => [];

        public override string PathToAssembly => "";

        public override string EntryPoint => "";

        public override string Id => "";

        public override IImmutableDictionary<string, BindingMetadata> InputBindings => ImmutableDictionary<string, BindingMetadata>.Empty;

        public override IImmutableDictionary<string, BindingMetadata> OutputBindings => ImmutableDictionary<string, BindingMetadata>.Empty;
    }

    private sealed class FakeBindingContext(IReadOnlyDictionary<string, object?> data) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => data;
    }
}
