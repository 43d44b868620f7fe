using System.Text.Json;
using System.Text.RegularExpressions;
using Tally.Cli.Up;

namespace Tally.Tests.Deployment;

/// <summary>A function: what starts it, and where its outputs go. Queues by name, schedules by their setting.</summary>
internal sealed record FunctionRow(string Name, string Trigger, string Source, string Outputs)
{
    public override string ToString() => $"| {Name} | {Trigger} | {Source} | {Outputs} |";
}

/// <summary>The functions, as the code declares them and as docs/functions.md says.</summary>
internal static partial class FunctionTable
{
    /// <summary>What the built app tells the host.</summary>
    public static IReadOnlyList<FunctionRow> Discovered { get; } = Discover();

    /// <summary>The rows of docs/functions.md.</summary>
    public static IReadOnlyList<FunctionRow> Documented { get; } =
    [
        .. Checkout.Read("docs", "functions.md").Split('\n')
            .Select(line => DocumentedRow().Match(line))
            .Where(match => match.Success)
            .Select(match => new FunctionRow(match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value.Replace("`", "", StringComparison.Ordinal), match.Groups[4].Value.Replace("`", "", StringComparison.Ordinal)))
            .OrderBy(row => row.Name, StringComparer.Ordinal),
    ];

    private static List<FunctionRow> Discover()
    {
        var metadata = Path.Combine(Path.GetDirectoryName(BuiltProgram.PathOf("Tally.Functions"))!, "functions.metadata");
        using var functions = JsonDocument.Parse(File.ReadAllBytes(metadata));
        return [.. functions.RootElement.EnumerateArray().Select(Row).OrderBy(row => row.Name, StringComparer.Ordinal)];
    }

    private static FunctionRow Row(JsonElement function)
    {
        var bindings = function.GetProperty("bindings").EnumerateArray().ToList();
        var trigger = bindings.Single(binding => Text(binding, "type").EndsWith("Trigger", StringComparison.Ordinal));
        var isQueue = Text(trigger, "type") == "queueTrigger";
        var outputs = bindings.Where(binding => Text(binding, "type") == "queue").Select(binding => Text(binding, "queueName")).Order(StringComparer.Ordinal);
        return new FunctionRow(
            Text(function, "name"), isQueue ? "queue" : "timer", isQueue ? Text(trigger, "queueName") : Text(trigger, "schedule").Trim('%'),
            string.Join(", ", outputs) is { Length: > 0 } all ? all : "-");
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    [GeneratedRegex(@"^\| `(\w+)` \| (queue|timer) \| (\S+) \| ([^|]+?) \|")]
    private static partial Regex DocumentedRow();
}
