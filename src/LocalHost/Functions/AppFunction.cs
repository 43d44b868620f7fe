using System.Text.Json;
using LocalHost.Protocol;

namespace LocalHost.Functions;

/// <summary>A function of the app, as its worker describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">The worker's name for it.</param>
/// <param name="Trigger">What starts it.</param>
/// <param name="Outputs">Queues that it writes to.</param>
internal sealed record AppFunction(string Name, string Id, Binding Trigger, IReadOnlyList<Binding> Outputs)
{
    /// <exception cref="HostException">It has a trigger, a binding or a retry policy that this host does not know.</exception>
    public static AppFunction Of(FunctionMetadata metadata)
    {
        var bindings = metadata.Bindings.Select(json => JsonSerializer.Deserialize<Binding>(json, JsonSerializerOptions.Web)!).ToList();
        var outputs = bindings.Where(binding => binding.Type == Binding.QueueOutput && string.Equals(binding.Direction, "Out", StringComparison.OrdinalIgnoreCase)).ToList();
        if (bindings.Except(outputs).ToList() is not [{ Type: Binding.Queue or Binding.Timer } trigger])
            throw new HostException($"Function {metadata.Name} has the bindings {string.Join(", ", bindings.Select(binding => binding.Type))}. This host runs functions with one queue or timer trigger and outputs to queues; run others with Core Tools ('func start').");
        if (metadata.Retry is not null)
            throw new HostException($"Function {metadata.Name} has a retry policy (FixedDelayRetry or ExponentialBackoffRetry), and this host would run it once. Take the attribute away, or run the app with Core Tools ('func start').");
        return new AppFunction(metadata.Name, metadata.FunctionId, trigger, outputs);
    }
}

/// <summary>A trigger or an output, as functions.metadata has it.</summary>
/// <param name="Name">The parameter or property; <c>$return</c> for the result itself.</param>
/// <param name="Type">One of the constants.</param>
/// <param name="Direction"><c>Out</c> for what the function writes to.</param>
/// <param name="QueueName">The queue, or <c>%Setting%</c>.</param>
/// <param name="Connection">The setting that has the queue's connection; null for that of the host's storage.</param>
/// <param name="DataType"><c>Binary</c> where the function takes the message as bytes; text otherwise.</param>
/// <param name="Schedule">The timer's, or <c>%Setting%</c>.</param>
/// <param name="UseMonitor">Whether ticks that were missed are made up for.</param>
/// <param name="RunOnStartup">Whether the timer fires when the host starts.</param>
internal sealed record Binding(
    string Name, string Type, string Direction, string? QueueName, string? Connection, string? DataType, string? Schedule, bool UseMonitor = true, bool RunOnStartup = false)
{
    public const string Queue = "queueTrigger";
    public const string Timer = "timerTrigger";
    public const string QueueOutput = "queue";
}
