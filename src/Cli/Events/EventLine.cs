using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary>A line of NDJSON that holds an event as the queue takes it.</summary>
internal static class EventLine
{
    /// <summary>Reads it.</summary>
    /// <exception cref="InvalidEventException">It is no event; the message names the field.</exception>
    public static ReportingEvent Read(string line)
    {
        using var document = EventNdjson.Parse(line);
        return EventReader.ReadEvent(document.RootElement);
    }
}
