using System.CommandLine;

namespace Tally.Cli.Events;

internal static class EventCommands
{
    public static Command Create() => Commands.Group(
        "events", "Reporting events: bring them in through the queue or as history, remove them.",
        new SendEvents(), new ImportEvents(), new PurgeEvents(), new EraseEvents());
}
