using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Queues;

/// <summary><c>tally queues list</c></summary>
internal sealed class ListQueues() : TallyCommand("list", "Show each queue's depth, its poison queue's depth, and the age of the oldest message.")
{
    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Queues, cancellationToken);
        var now = context.Clock.GetCurrentInstant();
        var rows = new List<QueueRow>();
        foreach (var name in QueueNames.All)
        {
            var queue = await QueueDepth.ReadAsync(session.Queues.GetQueue(name), cancellationToken);
            var poison = await QueueDepth.ReadAsync(session.Queues.GetQueue(name + QueueNames.PoisonSuffix), cancellationToken);
            rows.Add(new QueueRow(name, queue.Messages, queue.AgeAt(now), poison.Messages, poison.AgeAt(now)));
        }

        context.Output.WriteList(rows);
        if (rows.Find(row => row.Poison > 0) is { } poisoned)
            context.Note($"Poison messages failed every try: 'tally queues peek {poisoned.Queue}{QueueNames.PoisonSuffix}' shows them, 'tally queues redrive {poisoned.Queue}' tries them again.");
        return ExitCode.Done;
    }

    private sealed record QueueRow(string Queue, int Messages, Duration? Oldest, int Poison, Duration? OldestPoison);
}
