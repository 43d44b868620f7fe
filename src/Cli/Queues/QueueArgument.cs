using System.CommandLine;
using LocalRuntime.Queues;

namespace Tally.Cli.Queues;

/// <summary>The argument that names a queue.</summary>
internal static class QueueArgument
{
    public static Argument<string> Create(string description) => new("QUEUE")
    {
        Description = description,
        CustomParser = static result =>
        {
            var name = result.Tokens is [var token, ..] ? token.Value : "";
            if (QueueName.Problem(name) is not { } problem) return name;
            result.AddError($"Queue name '{name}' {problem}.");
            return null;
        },
    };
}
