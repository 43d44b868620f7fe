using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using LocalRuntime.Configuration;
using LocalRuntime.Queues;
using LocalRuntime.Timers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.Configuration;

namespace LocalRuntime.Discovery;

/// <summary>Reads one function's declaration and collects what is wrong with it.</summary>
internal sealed partial class FunctionReader(MethodInfo method, string name, IConfiguration configuration)
{
    private readonly List<string> _problems = [];

    public IReadOnlyList<string> Problems => _problems;

    /// <summary>The function, or null when <see cref="Problems"/> says why not.</summary>
    public FunctionDescriptor? Read()
    {
        CheckName();
        CheckMethod();
        var trigger = ReadTrigger();
        var outputs = ReadOutputs();
        var retry = ReadRetry(trigger?.Descriptor);
        if (_problems.Count > 0 || trigger is null) return null;

        return new FunctionDescriptor
        {
            Name = name,
            Method = method,
            TriggerParameter = trigger.Value.Parameter,
            Trigger = trigger.Value.Descriptor,
            Outputs = outputs,
            Retry = retry,
            IsDisabled = IsTrue($"AzureWebJobs.{name}.Disabled") || IsTrue($"AzureWebJobs:{name}:Disabled"),
        };
    }

    private void CheckName()
    {
        if (!FunctionName().IsMatch(name))
            Refuse("its name must begin with a letter and hold up to 128 letters, digits, hyphens and underscores");
    }

    private void CheckMethod()
    {
        var type = method.DeclaringType!;
        if (!method.IsPublic || !type.IsVisible) Refuse("the method and its class must be public");
        if (method.IsGenericMethodDefinition || type.IsGenericTypeDefinition) Refuse("neither the method nor its class can be generic");
        if (type.IsAbstract && !method.IsStatic) Refuse("its class is abstract");

        var result = method.ReturnType;
        if (result == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute)))
            Refuse("it is async void, so nobody could see it fail: return Task");
        if (result == typeof(ValueTask) || (result.IsGenericType && result.GetGenericTypeDefinition() == typeof(ValueTask<>)))
            Refuse("the worker does not await ValueTask: return Task");
        foreach (var parameter in method.GetParameters().Where(parameter => parameter.ParameterType.IsByRef))
            Refuse($"parameter {parameter.Name} is ref, in or out");
    }

    private (ParameterInfo Parameter, TriggerDescriptor Descriptor)? ReadTrigger()
    {
        var triggers = method.GetParameters()
            .Select(parameter => (Parameter: parameter, Attribute: parameter.GetCustomAttribute<TriggerBindingAttribute>()))
            .Where(candidate => candidate.Attribute is not null)
            .ToArray();
        if (triggers.Length != 1)
        {
            Refuse($"it has {(triggers.Length == 0 ? "no parameter" : "more than one parameter")} with a trigger, and one is needed");
            return null;
        }

        var (parameter, attribute) = triggers[0];
        TriggerDescriptor? descriptor = attribute switch
        {
            QueueTriggerAttribute queue => Queue(queue.QueueName) is { } queueName ? new QueueTriggerDescriptor(queueName, queue.Connection) : null,
            TimerTriggerAttribute timer => ReadTimer(parameter, timer),
            _ => Refuse<TriggerDescriptor>($"{attribute!.GetType().Name} is not supported here"),
        };
        return descriptor is null ? null : (parameter, descriptor);
    }

    private TimerTriggerDescriptor? ReadTimer(ParameterInfo parameter, TimerTriggerAttribute timer)
    {
        if (parameter.ParameterType != typeof(TimerInfo)) Refuse($"parameter {parameter.Name} must be a TimerInfo");
        try
        {
            return new TimerTriggerDescriptor(
                TimerSchedule.Parse(SettingNames.Resolve(timer.Schedule, configuration)), timer.UseMonitor, timer.RunOnStartup);
        }
        catch (FormatException exception)
        {
            return Refuse<TimerTriggerDescriptor>($"its schedule cannot be read: {exception.Message}");
        }
    }

    private IReadOnlyList<QueueOutputDescriptor> ReadOutputs()
    {
        var result = ResultType();
        var properties = result is null || result.Namespace == nameof(System)
            ? []
            : result.GetProperties()
                .Select(property => (Property: (PropertyInfo?)property, Attribute: property.GetCustomAttribute<QueueOutputAttribute>()))
                .Where(output => output.Attribute is not null)
                .ToArray();
        var own = method.GetCustomAttribute<QueueOutputAttribute>();
        if (own is not null && result is null) Refuse("it has [QueueOutput] and returns nothing");
        if (own is not null && properties.Length > 0)
            Refuse($"[QueueOutput] is on the method and on properties of {result!.Name}: choose one");

        var declared = own is null ? properties : [(null, own)];
        return
        [
            .. from output in declared
               let queueName = Queue(output.Attribute!.QueueName)
               where queueName is not null
               select new QueueOutputDescriptor(queueName, output.Attribute.Connection, output.Property),
        ];
    }

    private RetryPolicy? ReadRetry(TriggerDescriptor? trigger)
    {
        if (method.GetCustomAttribute<RetryAttribute>() is not { } attribute) return null;
        if (trigger is QueueTriggerDescriptor)
            Refuse($"{attribute.GetType().Name} is not allowed on a queue trigger: the queue's own maxDequeueCount retries");
        if (attribute.MaxRetryCount < -1) Refuse("the retry count must be -1 (for ever) or more");
        return RetryPolicy.From(attribute);
    }

    private Type? ResultType()
    {
        var result = method.ReturnType;
        if (result == typeof(void) || result == typeof(Task)) return null;
        return result.IsGenericType && result.GetGenericTypeDefinition() == typeof(Task<>) ? result.GetGenericArguments()[0] : result;
    }

    private string? Queue(string declared)
    {
        try
        {
            // The host lower-cases names, so a declaration in capitals works.
            var resolved = SettingNames.Resolve(declared, configuration).ToLowerInvariant();
            return QueueName.Problem(resolved) is { } problem ? Refuse<string>($"queue name '{resolved}' {problem}") : resolved;
        }
        catch (FormatException exception)
        {
            return Refuse<string>($"its queue is unknown: {exception.Message}");
        }
    }

    private bool IsTrue(string key) => configuration[key] is { } value && (value == "1" || (bool.TryParse(value, out var truth) && truth));

    private void Refuse(string problem) => _problems.Add($"Function {name} ({method.DeclaringType!.Name}.{method.Name}): {problem}.");

    private T? Refuse<T>(string problem)
        where T : class
    {
        Refuse(problem);
        return null;
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_-]{0,127}\z", RegexOptions.ExplicitCapture)]
    private static partial Regex FunctionName();
}
