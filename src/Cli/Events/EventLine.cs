using System.Text.Json;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary>A line of NDJSON that holds an event.</summary>
internal static class EventLine
{
    /// <summary>Reads it.</summary>
    /// <exception cref="InvalidEventException">It is no event; the message names the field.</exception>
    public static ReportingEvent Read(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return EventReader.ReadEvent(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new InvalidEventException(null, $"is no JSON object (character {exception.BytePositionInLine + 1})", exception);
        }
    }
}
