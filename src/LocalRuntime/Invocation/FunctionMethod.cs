using System.Collections.Concurrent;
using System.Reflection;
using LocalRuntime.Discovery;
using Microsoft.Extensions.DependencyInjection;

namespace LocalRuntime.Invocation;

/// <summary>Creates a function's class from the invocation's services and calls the method.</summary>
internal sealed class FunctionMethod(ArgumentBinder binder)
{
    private readonly ConcurrentDictionary<FunctionDescriptor, Call> _calls = new(ReferenceEqualityComparer.Instance);

    /// <summary>Awaits the function and returns its result; null when it has none.</summary>
    public async Task<object?> CallAsync(LocalFunctionContext context)
    {
        var call = _calls.GetOrAdd(context.Function, static function => new Call(function.Method));
        var instance = call.Create?.Invoke(context.InstanceServices, null);
        var returned = call.Invoker.Invoke(instance, binder.Bind(context).AsSpan());
        if (returned is not Task task) return returned;
        await task;
        return call.Result?.GetValue(task);
    }

    private sealed class Call(MethodInfo method)
    {
        public MethodInvoker Invoker { get; } = MethodInvoker.Create(method);

        public ObjectFactory? Create { get; } = method.IsStatic ? null : ActivatorUtilities.CreateFactory(method.DeclaringType!, []);

        // The declared type, since the task at hand may be a Task<VoidTaskResult> where the method promises a Task.
        public PropertyInfo? Result { get; } = method.ReturnType.IsGenericType && typeof(Task).IsAssignableFrom(method.ReturnType)
            ? method.ReturnType.GetProperty(nameof(Task<>.Result))
            : null;
    }
}
