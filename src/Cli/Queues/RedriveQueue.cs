using System.CommandLine;
using LocalRuntime.Queues;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Queues;

/// <summary><c>tally queues redrive</c></summary>
internal sealed class RedriveQueue : TallyCommand
{
    private readonly Argument<string> _queue = QueueArgument.Create("The queue whose poison messages are to be tried again.");
    private readonly Option<int?> _max = CommonOptions.Limit("--max", "How many messages at most; by default those that are there now.");

    public RedriveQueue()
        : base("redrive", "Move the messages of a queue's poison queue back to it.")
    {
        Add(_queue);
        Add(_max);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var name = WithoutSuffix(context.Value(_queue)!);
        var session = await context.OpenAsync(ServerNeeds.Queues, cancellationToken);
        var redrive = new Redrive(session.Queues, name);
        // Those that fail again come back here; only what is there now is moved.
        var waiting = await redrive.CountAsync(cancellationToken);
        var max = Math.Min(context.Value(_max) ?? waiting, waiting);

        var moved = await context.Progress.RunAsync($"Redriving {name}", max, progress => redrive.RunAsync(max, progress, cancellationToken));
        context.Output.WriteOne(new RedriveResult(name, moved, Math.Max(waiting - moved, 0)));
        return ExitCode.Done;
    }

    private static string WithoutSuffix(string name) =>
        name.EndsWith(QueueNames.PoisonSuffix, StringComparison.Ordinal) ? name[..^QueueNames.PoisonSuffix.Length] : name;

    private sealed record RedriveResult(string Queue, int Moved, int Left);
}

/// <summary>Moves messages from a poison queue to its queue.</summary>
internal sealed class Redrive(QueueService service, string name)
{
    // Time enough to put a call's messages, short enough to see them again soon if this process dies.
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(1);

    // The stored text is moved as it is, whatever its encoding.
    private readonly QueueClient _queue = service.GetQueue(name, QueueMessageEncoding.None);
    private readonly QueueClient _poison = service.GetQueue(name + QueueNames.PoisonSuffix, QueueMessageEncoding.None);

    public async Task<int> CountAsync(CancellationToken cancellationToken) =>
        (await QueueDepth.ReadAsync(_poison, cancellationToken)).Messages;

    /// <summary>Moves up to <paramref name="max"/> messages. Each is put before it is deleted: a crash between the two doubles it, and none is lost.</summary>
    /// <returns>How many were moved.</returns>
    public async Task<int> RunAsync(int max, IProgress<double> progress, CancellationToken cancellationToken)
    {
        if (max > 0) await _queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var moved = 0;
        while (moved < max)
        {
            var messages = await _poison.GetAsync(Math.Min(max - moved, QueueClient.MaxMessagesPerCall), Hold, cancellationToken);
            if (messages.Count == 0) break;
            foreach (var message in messages)
            {
                await _queue.PutAsync(message.RawText, timeToLive: Timeout.InfiniteTimeSpan, cancellationToken: cancellationToken);
                await _poison.DeleteMessageAsync(message.Id, message.PopReceipt!, CancellationToken.None);
                progress.Report(++moved);
            }
        }

        return moved;
    }
}
