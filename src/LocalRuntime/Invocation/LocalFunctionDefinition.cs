using System.Collections.Immutable;
using LocalRuntime.Discovery;
using Microsoft.Azure.Functions.Worker;

namespace LocalRuntime.Invocation;

internal sealed class LocalFunctionDefinition(FunctionDescriptor function) : FunctionDefinition
{
    public override string Id => Name;

    public override string Name => function.Name;

    public override string EntryPoint => function.EntryPoint;

    public override string PathToAssembly => function.Method.Module.Assembly.Location;

    public override ImmutableArray<FunctionParameter> Parameters { get; } =
    [
        .. function.Method.GetParameters().Select(parameter =>
            new FunctionParameter(parameter.Name!, parameter.ParameterType, parameter.HasDefaultValue, parameter.HasDefaultValue ? parameter.DefaultValue : null)),
    ];

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; } =
        Bindings(new LocalBindingMetadata(
            function.TriggerParameter.Name!, function.Trigger is QueueTriggerDescriptor ? "queueTrigger" : "timerTrigger", BindingDirection.In));

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings { get; } =
        Bindings([.. function.Outputs.Select(output => new LocalBindingMetadata(output.BindingName, "queue", BindingDirection.Out))]);

    private static ImmutableDictionary<string, BindingMetadata> Bindings(params LocalBindingMetadata[] bindings) =>
        bindings.ToImmutableDictionary(binding => binding.Name, BindingMetadata (binding) => binding);

    private sealed class LocalBindingMetadata(string name, string type, BindingDirection direction) : BindingMetadata
    {
        public override string Name => name;

        public override string Type => type;

        public override BindingDirection Direction => direction;
    }
}
