using LocalRuntime.Discovery;
using Microsoft.AspNetCore.Http;

namespace LocalRuntime.Admin;

/// <summary>A function as the admin endpoint shows it.</summary>
internal sealed record FunctionView(string Name, string EntryPoint, bool IsDisabled, string Href, IReadOnlyList<BindingView> Bindings)
{
    public static FunctionView From(FunctionDescriptor function, HttpRequest request) => new(
        function.Name,
        function.EntryPoint,
        function.IsDisabled,
        $"{request.Scheme}://{request.Host}/admin/functions/{function.Name}",
        [Trigger(function), .. function.Outputs.Select(output => new BindingView(output.BindingName, "queue", "out", output.QueueName, null, output.Connection))]);

    private static BindingView Trigger(FunctionDescriptor function) => function.Trigger switch
    {
        QueueTriggerDescriptor queue => new(function.TriggerParameter.Name!, "queueTrigger", "in", queue.QueueName, null, queue.Connection),
        TimerTriggerDescriptor timer => new(function.TriggerParameter.Name!, "timerTrigger", "in", null, timer.Schedule.Text, null),
        _ => throw new NotSupportedException($"{function.Trigger.GetType().Name} has no view."),
    };
}

/// <summary>A trigger or an output of a function.</summary>
internal sealed record BindingView(string Name, string Type, string Direction, string? QueueName, string? Schedule, string? Connection);
