using System.CommandLine;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Queues;

/// <summary><c>tally queues purge</c></summary>
internal sealed class PurgeQueue : TallyCommand
{
    private readonly Argument<string> _queue = QueueArgument.Create("The queue, for example reporting-events-poison.");
    private readonly Option<bool> _yes = CommonOptions.Yes();

    public PurgeQueue()
        : base("purge", "Delete every message of a queue. Exit code 1 if you decline.")
    {
        Add(_queue);
        Add(_yes);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Queues, cancellationToken);
        var queue = session.Queues.GetQueue(context.Value(_queue)!);
        var count = (await queue.GetPropertiesAsync(cancellationToken)).ApproximateMessageCount;
        if (!context.Value(_yes) && !await context.Prompts.ConfirmAsync($"Delete {Words.Count(count, "message")} of {queue.Name} at {queue.Uri.Authority}? They cannot be brought back.", cancellationToken))
        {
            context.Note("Nothing was deleted. Answer y, or use --yes.");
            return ExitCode.No;
        }

        await queue.ClearAsync(cancellationToken);
        context.Output.WriteOne(new PurgeResult(queue.Name, count));
        return ExitCode.Done;
    }

    private sealed record PurgeResult(string Queue, int Deleted);
}
