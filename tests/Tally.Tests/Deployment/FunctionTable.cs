using System.Text.RegularExpressions;
using LocalRuntime.Discovery;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace Tally.Tests.Deployment;

/// <summary>A function: what starts it, and where its outputs go. Queues by name, schedules by their setting.</summary>
internal sealed record FunctionRow(string Name, string Trigger, string Source, string Outputs)
{
    public override string ToString() => $"| {Name} | {Trigger} | {Source} | {Outputs} |";
}

/// <summary>The functions, as the code declares them and as docs/functions.md says.</summary>
internal static partial class FunctionTable
{
    /// <summary>What LocalRuntime discovers.</summary>
    public static IReadOnlyList<FunctionRow> Discovered { get; } = Discover();

    /// <summary>The rows of docs/functions.md.</summary>
    public static IReadOnlyList<FunctionRow> Documented { get; } =
    [
        .. Checkout.Read("docs", "functions.md").Split('\n')
            .Select(line => Row().Match(line))
            .Where(match => match.Success)
            .Select(match => new FunctionRow(match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value.Replace("`", "", StringComparison.Ordinal), match.Groups[4].Value.Replace("`", "", StringComparison.Ordinal)))
            .OrderBy(row => row.Name, StringComparer.Ordinal),
    ];

    private static List<FunctionRow> Discover()
    {
        var methods = typeof(Tally.Functions.ApplyReportingEvent).Assembly.GetTypes();
        var schedules = methods.SelectMany(type => type.GetMethods()).SelectMany(method => method.GetParameters())
            .SelectMany(parameter => parameter.GetCustomAttributes(typeof(TimerTriggerAttribute), inherit: false).Cast<TimerTriggerAttribute>(), (parameter, timer) => (parameter.Member, timer.Schedule))
            .ToDictionary(pair => pair.Member, pair => pair.Schedule.Trim('%'));
        var settings = new ConfigurationBuilder().AddInMemoryCollection(schedules.Values.Distinct().Select(name => KeyValuePair.Create(name, (string?)"0 0 0 * * *"))).Build();
        return
        [
            .. new FunctionDiscovery(settings).Discover(methods)
                .Select(function => new FunctionRow(
                    function.Name,
                    function.Trigger is QueueTriggerDescriptor ? "queue" : "timer",
                    function.Trigger is QueueTriggerDescriptor queue ? queue.QueueName : schedules[function.Method],
                    string.Join(", ", function.Outputs.Select(output => output.QueueName).Order(StringComparer.Ordinal)) is { Length: > 0 } outputs ? outputs : "-"))
                .OrderBy(row => row.Name, StringComparer.Ordinal),
        ];
    }

    [GeneratedRegex(@"^\| `(\w+)` \| (queue|timer) \| (\S+) \| ([^|]+?) \|")]
    private static partial Regex Row();
}
