using System.CommandLine;

namespace Tally.Cli.Events;

internal static class EventCommands
{
    public static Command Create() => Commands.Group(
        "events", "Bring reporting events in: through the queue, or as history.",
        new SendEvents(), new ImportEvents());
}
