using System.CommandLine;

namespace Tally.Cli.Queues;

internal static class QueueCommands
{
    public static Command Create() => Commands.Group(
        "queues", "Depth and content of the queues, and what to do about poison messages.",
        new ListQueues(), new PeekQueue(), new RedriveQueue(), new PurgeQueue());
}
