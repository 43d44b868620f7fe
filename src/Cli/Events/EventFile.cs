using System.Runtime.CompilerServices;
using Tally.Cli.Shell;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary>A file of history, in whichever format it comes.</summary>
internal static class EventFile
{
    /// <param name="file">Read to its end.</param>
    /// <param name="name">Its name.</param>
    /// <param name="format">Null for what its first character says, or else its extension: only JSON begins with a brace.</param>
    /// <param name="delimiter">Of a CSV; null for the one that its header makes clear.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async IAsyncEnumerable<ReadLine> ReadAsync(
        Utf8Input file, string name, EventFormat? format, char? delimiter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        format ??= FormatOf(await file.PeekLineAsync(cancellationToken), name);
        var lines = format == EventFormat.Csv ? EventCsv.ReadAsync(file, delimiter, cancellationToken) : EventNdjson.ReadAsync(file, cancellationToken);
        await foreach (var line in lines) yield return line;
    }

    private static EventFormat FormatOf(string firstLine, string name) =>
        firstLine.AsSpan().TrimStart() is ['{' or '[', ..] ? EventFormat.Ndjson
        : Path.GetExtension(name).ToUpperInvariant() is ".NDJSON" or ".JSONL" or ".JSON" ? EventFormat.Ndjson
        : EventFormat.Csv;
}

/// <summary>The formats that history comes in.</summary>
internal enum EventFormat
{
    Csv,
    Ndjson,
}

/// <summary>A line of a file: an event, or what keeps it from being one.</summary>
internal sealed record ReadLine(long Number, ReportingEvent? Event, InvalidEventException? Problem);
