using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Azure.WebJobs;
using Binder = Microsoft.Azure.WebJobs.Binder;
using ExecutionContext = Microsoft.Azure.WebJobs.ExecutionContext;

namespace LocalHost.Functions;

/// <summary>What the generated methods call; public, since their assembly is another.</summary>
public interface IFunctionDispatcher
{
    /// <summary>Runs a function in the worker and writes its outputs.</summary>
    /// <param name="name">The function.</param>
    /// <param name="trigger">The message, as text or bytes, or the timer's state.</param>
    /// <param name="binder">Binds the outputs.</param>
    /// <param name="context">The invocation.</param>
    /// <param name="cancellationToken">Cancelled when its time is up or the host stops.</param>
    Task InvokeAsync(string name, object trigger, Binder binder, ExecutionContext context, CancellationToken cancellationToken);
}

/// <summary>Makes the type that the WebJobs SDK finds functions in: one static method each, which hands over to the dispatcher.</summary>
internal static class FunctionTypeBuilder
{
    // It and the methods' names are part of the names of locks and of the timers' progress, as in the Functions host.
    private const string TypeName = "Host.Functions";
    private const string DispatcherField = "Dispatcher";

    public static Type Build(IEnumerable<AppFunction> functions, IFunctionDispatcher dispatcher)
    {
        var module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Host"), AssemblyBuilderAccess.Run).DefineDynamicModule("Host");
        var type = module.DefineType(TypeName, TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        var field = type.DefineField(DispatcherField, typeof(IFunctionDispatcher), FieldAttributes.Public | FieldAttributes.Static);
        foreach (var function in functions) AddMethod(type, field, function);

        var built = type.CreateType();
        built.GetField(DispatcherField)!.SetValue(null, dispatcher);
        return built;
    }

    private static void AddMethod(TypeBuilder type, FieldInfo dispatcher, AppFunction function)
    {
        Type[] parameters = [TriggerType(function.Trigger), typeof(Binder), typeof(ExecutionContext), typeof(CancellationToken)];
        var method = type.DefineMethod(function.Name, MethodAttributes.Public | MethodAttributes.Static, typeof(Task), parameters);
        method.SetCustomAttribute(Attribute<FunctionNameAttribute>([function.Name]));
        if (function.IsDisabled) method.SetCustomAttribute(Attribute<DisableAttribute>([]));
        var trigger = method.DefineParameter(1, ParameterAttributes.None, "trigger");
        trigger.SetCustomAttribute(TriggerAttribute(function.Trigger));
        method.DefineParameter(2, ParameterAttributes.None, "binder");
        method.DefineParameter(3, ParameterAttributes.None, "context");
        method.DefineParameter(4, ParameterAttributes.None, "cancellationToken");

        var body = method.GetILGenerator();
        body.Emit(OpCodes.Ldsfld, dispatcher);
        body.Emit(OpCodes.Ldstr, function.Name);
        body.Emit(OpCodes.Ldarg_0);
        body.Emit(OpCodes.Ldarg_1);
        body.Emit(OpCodes.Ldarg_2);
        body.Emit(OpCodes.Ldarg_3);
        body.Emit(OpCodes.Callvirt, typeof(IFunctionDispatcher).GetMethod(nameof(IFunctionDispatcher.InvokeAsync))!);
        body.Emit(OpCodes.Ret);
    }

    private static Type TriggerType(Binding trigger) =>
        trigger.Type == Binding.Timer ? typeof(TimerInfo) : trigger.IsBinary ? typeof(byte[]) : typeof(string);

    private static CustomAttributeBuilder TriggerAttribute(Binding trigger) => trigger.Type == Binding.Timer
        ? Attribute<TimerTriggerAttribute>(
            [trigger.Schedule ?? ""],
            (nameof(TimerTriggerAttribute.UseMonitor), trigger.Flag("useMonitor", true)),
            (nameof(TimerTriggerAttribute.RunOnStartup), trigger.Flag("runOnStartup", false)))
        : trigger.Connection is { } connection
            ? Attribute<QueueTriggerAttribute>([trigger.QueueName ?? ""], (nameof(QueueTriggerAttribute.Connection), connection))
            : Attribute<QueueTriggerAttribute>([trigger.QueueName ?? ""]);

    private static CustomAttributeBuilder Attribute<T>(object[] arguments, params (string Name, object Value)[] properties) => new(
        typeof(T).GetConstructor([.. arguments.Select(argument => argument.GetType())])!, arguments,
        [.. properties.Select(property => typeof(T).GetProperty(property.Name)!)], [.. properties.Select(property => property.Value)]);
}
