using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Azure.WebJobs;
using Binder = Microsoft.Azure.WebJobs.Binder;
using ExecutionContext = Microsoft.Azure.WebJobs.ExecutionContext;
using Run = System.Func<object, Microsoft.Azure.WebJobs.Binder, Microsoft.Azure.WebJobs.ExecutionContext, System.Threading.CancellationToken, System.Threading.Tasks.Task>;

namespace LocalHost.Functions;

/// <summary>Makes the type that the WebJobs SDK finds functions in: one static method each, which hands over to a delegate in a static field.</summary>
internal static class FunctionTypeBuilder
{
    // It and the methods' names are part of the names of locks and of the timers' progress, as in the Functions host.
    private const string TypeName = "Host.Functions";

    public static Type Build(IReadOnlyList<AppFunction> functions, FunctionDispatcher dispatcher)
    {
        var module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Host"), AssemblyBuilderAccess.Run).DefineDynamicModule("Host");
        var type = module.DefineType(TypeName, TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        // The form that a shell can set. AzureWebJobs.NAME.Disabled is known to the SDK.
        type.SetCustomAttribute(Attribute<DisableAttribute>(["AzureWebJobs:{MethodShortName}:Disabled"]));
        foreach (var function in functions) AddMethod(type, function);

        var built = type.CreateType();
        foreach (var function in functions)
            built.GetField(function.Name)!.SetValue(null, new Run((trigger, binder, context, cancellationToken) => dispatcher.InvokeAsync(function, trigger, binder, context, cancellationToken)));
        return built;
    }

    private static void AddMethod(TypeBuilder type, AppFunction function)
    {
        var run = type.DefineField(function.Name, typeof(Run), FieldAttributes.Public | FieldAttributes.Static);
        var method = type.DefineMethod(
            function.Name, MethodAttributes.Public | MethodAttributes.Static, typeof(Task), [TriggerType(function.Trigger), typeof(Binder), typeof(ExecutionContext), typeof(CancellationToken)]);
        method.SetCustomAttribute(Attribute<FunctionNameAttribute>([function.Name]));
        method.DefineParameter(1, ParameterAttributes.None, "trigger").SetCustomAttribute(TriggerAttribute(function.Trigger));
        method.DefineParameter(2, ParameterAttributes.None, "binder");
        method.DefineParameter(3, ParameterAttributes.None, "context");
        method.DefineParameter(4, ParameterAttributes.None, "cancellationToken");

        var body = method.GetILGenerator();
        body.Emit(OpCodes.Ldsfld, run);
        body.Emit(OpCodes.Ldarg_0);
        body.Emit(OpCodes.Ldarg_1);
        body.Emit(OpCodes.Ldarg_2);
        body.Emit(OpCodes.Ldarg_3);
        body.Emit(OpCodes.Callvirt, typeof(Run).GetMethod(nameof(Run.Invoke))!);
        body.Emit(OpCodes.Ret);
    }

    private static Type TriggerType(Binding trigger) =>
        trigger.Type == Binding.Timer ? typeof(TimerInfo)
        : string.Equals(trigger.DataType, "Binary", StringComparison.OrdinalIgnoreCase) ? typeof(byte[])
        : typeof(string);

    private static CustomAttributeBuilder TriggerAttribute(Binding trigger) => trigger.Type == Binding.Timer
        ? Attribute<TimerTriggerAttribute>(
            [trigger.Schedule ?? ""], (nameof(TimerTriggerAttribute.UseMonitor), trigger.UseMonitor), (nameof(TimerTriggerAttribute.RunOnStartup), trigger.RunOnStartup))
        : Attribute<QueueTriggerAttribute>([trigger.QueueName ?? ""], (nameof(QueueTriggerAttribute.Connection), trigger.Connection));

    private static CustomAttributeBuilder Attribute<T>(object[] arguments, params (string Name, object? Value)[] properties) => new(
        typeof(T).GetConstructor([.. arguments.Select(argument => argument.GetType())])!, arguments,
        [.. properties.Select(property => typeof(T).GetProperty(property.Name)!)], [.. properties.Select(property => property.Value)]);
}
