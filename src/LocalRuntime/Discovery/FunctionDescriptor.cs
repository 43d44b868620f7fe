using System.Reflection;
using LocalRuntime.Timers;

namespace LocalRuntime.Discovery;

/// <summary>A function as discovered and validated, every <c>%Setting%</c> resolved.</summary>
internal sealed record FunctionDescriptor
{
    public required string Name { get; init; }

    public required MethodInfo Method { get; init; }

    public required ParameterInfo TriggerParameter { get; init; }

    public required TriggerDescriptor Trigger { get; init; }

    public required IReadOnlyList<QueueOutputDescriptor> Outputs { get; init; }

    public required RetryPolicy? Retry { get; init; }

    /// <summary>Whether a setting keeps the trigger from starting it. The admin endpoint still can.</summary>
    public required bool IsDisabled { get; init; }

    public string EntryPoint => $"{Method.DeclaringType!.FullName}.{Method.Name}";
}

/// <summary>What starts a function.</summary>
internal abstract record TriggerDescriptor;

/// <summary>A message starts the function.</summary>
internal sealed record QueueTriggerDescriptor(string QueueName, string? Connection) : TriggerDescriptor;

/// <summary>A schedule starts the function.</summary>
internal sealed record TimerTriggerDescriptor(TimerSchedule Schedule, bool UseMonitor, bool RunOnStartup) : TriggerDescriptor;

/// <summary>Where the result, or one of its properties, goes.</summary>
/// <param name="QueueName">The queue.</param>
/// <param name="Connection">The connection's name; null for the default one.</param>
/// <param name="Property">The property of the result; null for the result itself.</param>
internal sealed record QueueOutputDescriptor(string QueueName, string? Connection, PropertyInfo? Property)
{
    public string BindingName => Property?.Name ?? "$return";
}
