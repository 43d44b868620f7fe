using System.Text.Json;
using LocalHost.Protocol;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Functions;

/// <summary>A function of the app, as its worker describes it.</summary>
internal sealed record AppFunction
{
    public required string Name { get; init; }

    /// <summary>The worker's name for it.</summary>
    public required string Id { get; init; }

    public required Binding Trigger { get; init; }

    /// <summary>Queues that it writes to.</summary>
    public required IReadOnlyList<Binding> Outputs { get; init; }

    /// <summary>Whether the setting <c>AzureWebJobs.NAME.Disabled</c> keeps its trigger from running.</summary>
    public required bool IsDisabled { get; init; }

    /// <exception cref="StartupException">It has a trigger, a binding or a retry policy that this host does not know.</exception>
    public static AppFunction Of(FunctionMetadata metadata, IConfiguration configuration)
    {
        var bindings = metadata.Bindings.Select(Binding.Parse).ToList();
        var triggers = bindings.Where(binding => binding.IsTrigger).ToList();
        if (triggers is not [{ Type: Binding.Queue or Binding.Timer } trigger] || bindings.Find(binding => !binding.IsTrigger && binding is not { Type: Binding.QueueOutput, IsOutput: true }) is not null)
            throw new StartupException($"Function {metadata.Name} has the bindings {string.Join(", ", bindings.Select(binding => binding.Type))}. This host runs functions with one queue or timer trigger and outputs to queues; run others with Core Tools ('func start').");
        if (metadata.Retry is not null)
            throw new StartupException($"Function {metadata.Name} has a retry policy (FixedDelayRetry or ExponentialBackoffRetry), and this host would run it once. Take the attribute away, or run the app with Core Tools ('func start').");
        return new AppFunction
        {
            Name = metadata.Name,
            Id = metadata.FunctionId,
            Trigger = trigger,
            Outputs = [.. bindings.Where(binding => binding.IsOutput)],
            IsDisabled = IsTrue(configuration[$"AzureWebJobs.{metadata.Name}.Disabled"] ?? configuration[$"AzureWebJobs:{metadata.Name}:Disabled"]),
        };
    }

    private static bool IsTrue(string? text) => text is "1" || string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);
}

/// <summary>A trigger or an output.</summary>
/// <param name="Name">The parameter or property; <c>$return</c> for the result itself.</param>
/// <param name="Type">One of the constants.</param>
/// <param name="IsOutput">Whether the function writes to it.</param>
/// <param name="Json">All of it.</param>
internal sealed record Binding(string Name, string Type, bool IsOutput, JsonElement Json)
{
    public const string Queue = "queueTrigger";
    public const string Timer = "timerTrigger";
    public const string QueueOutput = "queue";

    public bool IsTrigger => Type.EndsWith("Trigger", StringComparison.OrdinalIgnoreCase);

    public string? QueueName => Text("queueName");

    public string? Connection => Text("connection");

    public string? Schedule => Text("schedule");

    /// <summary>Whether the function takes the message as bytes; text otherwise.</summary>
    public bool IsBinary => string.Equals(Text("dataType"), "Binary", StringComparison.OrdinalIgnoreCase);

    public static Binding Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement.Clone();
        return new Binding(root.GetProperty("name").GetString()!, root.GetProperty("type").GetString()!, string.Equals(root.GetProperty("direction").GetString(), "Out", StringComparison.OrdinalIgnoreCase), root);
    }

    /// <summary>A yes or no of it.</summary>
    public bool Flag(string name, bool fallback) =>
        Json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : fallback;

    private string? Text(string name) => Json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
