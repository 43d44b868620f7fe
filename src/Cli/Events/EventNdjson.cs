using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Tally.Cli.Shell;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary>Events as NDJSON: one JSON object a line, see <see cref="EventFields"/>. Other fields are ignored.</summary>
internal static class EventNdjson
{
    /// <summary>The lines that hold something, each with its number.</summary>
    /// <exception cref="CommandException">The file is a JSON array.</exception>
    public static async IAsyncEnumerable<(long Number, string Text)> ReadLinesAsync(Utf8Input file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if ((await file.PeekLineAsync(cancellationToken)).AsSpan().TrimStart() is ['[', ..])
            throw new CommandException("The file is a JSON array, and events come one a line. Write it so: jq -c '.[]' FILE > events.ndjson");
        using var reader = new StreamReader(file, Encoding.UTF8, false, Utf8Input.BufferBytes, leaveOpen: true);
        for (var number = 1L; await reader.ReadLineAsync(cancellationToken) is { } line; number++)
            if (!string.IsNullOrWhiteSpace(line))
                yield return (number, line);
    }

    public static async IAsyncEnumerable<ReadLine> ReadAsync(Utf8Input file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (number, text) in ReadLinesAsync(file, cancellationToken)) yield return Read(number, text);
    }

    /// <summary>The JSON of a line.</summary>
    /// <exception cref="InvalidEventException">It is no JSON object.</exception>
    public static JsonDocument Parse(string line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException exception)
        {
            throw new InvalidEventException(null, $"is no JSON object (character {exception.BytePositionInLine + 1})", exception);
        }
    }

    private static ReadLine Read(long number, string line)
    {
        try
        {
            using var document = Parse(line);
            var fields = FieldsOf(document.RootElement);
            return new ReadLine(number, EventFields.Read(field => fields.TryGetValue(EventFields.Normalise(field), out var found) ? TextOf(field, found.Value) : null), null);
        }
        catch (InvalidEventException problem)
        {
            return new ReadLine(number, null, problem);
        }
    }

    private static Dictionary<string, JsonProperty> FieldsOf(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object) throw new InvalidEventException(null, $"is a JSON {element.ValueKind.ToString().ToLowerInvariant()}, no object");
        var fields = new Dictionary<string, JsonProperty>();
        foreach (var field in element.EnumerateObject())
        {
            var name = NameOf(field);
            if (!fields.TryAdd(EventFields.Normalise(name), field))
                throw new InvalidEventException(null, $"has the same field twice: '{NameOf(fields[EventFields.Normalise(name)])}' and '{name}'");
        }

        return fields;
    }

    private static string NameOf(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException exception)
        {
            // JSON can escape half of a surrogate pair.
            throw new InvalidEventException(null, "has a field whose name is not Unicode text", exception);
        }
    }

    private static string? TextOf(string field, JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number => value.GetRawText(),
                JsonValueKind.Null => null,
                var kind => throw new InvalidEventException(field, $"is a JSON {kind.ToString().ToLowerInvariant()}, neither text nor a number"),
            };
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidEventException(field, "is not Unicode text", exception);
        }
    }
}
