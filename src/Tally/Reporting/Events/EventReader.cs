using System.Globalization;
using System.Text.Json;
using NodaTime;
using NodaTime.Text;

namespace Tally.Reporting.Events;

/// <summary>Reads events from JSON: the queue's messages, and the lines that the CLI sends.</summary>
/// <remarks>
/// An event is <c>{"id": uuid, "accountId": integer, "name": text, "value": seconds?, "valueInBusinessHours": seconds?,
/// "userId": integer?, "inboxId": integer?, "conversationId": integer?, "eventStartTime": instant?, "eventEndTime": instant?,
/// "createdAt": instant}</c>. Integers may be given as text, since JSON numbers lose digits beyond 2^53. Other fields are ignored.
/// </remarks>
internal static class EventReader
{
    /// <summary>The most seconds that a duration may have: some 317 years.</summary>
    public const decimal MaxSeconds = 10_000_000_000;

    private const int SecondsDecimals = 6;

    private const int MaxNameLength = 255;

    private static readonly Instant Earliest = Instant.FromUtc(1970, 1, 1, 0, 0);
    private static readonly Instant Latest = Instant.FromUtc(2200, 1, 1, 0, 0);

    // An event is flat; anything deeper is no event.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 8 };

    /// <summary>Reads a message: an event, or an array of events.</summary>
    /// <param name="utf8">JSON in UTF-8, with or without a byte order mark.</param>
    /// <exception cref="InvalidEventException">The text is not UTF-8, not JSON, or neither an object nor an array.</exception>
    public static EventMessage ReadMessage(ReadOnlyMemory<byte> utf8)
    {
        var text = MessageText.Check(utf8);
        try
        {
            using var document = JsonDocument.Parse(text, Options);
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Object => Read([document.RootElement]),
                JsonValueKind.Array => Read(document.RootElement.EnumerateArray()),
                var kind => throw new InvalidEventException(null, $"a message is an event or an array of events, not a JSON {kind.ToString().ToLowerInvariant()}"),
            };
        }
        catch (JsonException exception)
        {
            throw new InvalidEventException(null, $"the text is not JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1})", exception);
        }
    }

    /// <summary>Reads one event.</summary>
    /// <exception cref="InvalidEventException">A field is missing, of the wrong kind or out of range.</exception>
    public static ReportingEvent ReadEvent(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new InvalidEventException(null, $"an event is a JSON object, not a JSON {element.ValueKind.ToString().ToLowerInvariant()}");
        try
        {
            return ReadFields(element);
        }
        catch (InvalidOperationException exception)
        {
            // JSON can escape half of a surrogate pair; names are compared as text, which cannot hold one.
            throw new InvalidEventException(null, "a field has a name that is not Unicode text", exception);
        }
    }

    /// <summary>Checks an event's name, as every way in does.</summary>
    /// <exception cref="InvalidEventException">It is blank or too long.</exception>
    public static string CheckName(string field, string name) =>
        // PostgreSQL's text cannot hold the character NUL.
        name.Length is > 0 and <= MaxNameLength && !string.IsNullOrWhiteSpace(name) && !name.Contains('\0', StringComparison.Ordinal)
            ? name
            : throw new InvalidEventException(field, $"must be text of 1 to {MaxNameLength} characters");

    /// <summary>Checks a duration in seconds and rounds it to microseconds, as every way in does.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="seconds">Its value.</param>
    /// <param name="eventName">The event's: of one whose durations are not summed they may be negative.</param>
    /// <remarks>With more digits, sums of large and fine durations would not fit a <see cref="decimal"/>, and not be exact.</remarks>
    /// <exception cref="InvalidEventException">It is more than <see cref="MaxSeconds"/>, or negative and would be summed.</exception>
    public static decimal CheckSeconds(string field, decimal seconds, string eventName)
    {
        var lowest = EventMetricRegistry.For(eventName).Any(metric => metric.Kind == MetricKind.Duration) ? 0 : -MaxSeconds;
        return seconds >= lowest && seconds <= MaxSeconds
            ? decimal.Round(seconds, SecondsDecimals)
            : throw new InvalidEventException(field, $"is {seconds}, and must be from {lowest} to {MaxSeconds} seconds");
    }

    /// <summary>Checks an instant and cuts it to the microseconds that the database keeps.</summary>
    /// <exception cref="InvalidEventException">It is before 1970 or after 2199.</exception>
    public static Instant CheckInstant(string field, Instant instant) => instant >= Earliest && instant < Latest
        ? instant - Duration.FromNanoseconds((instant - Earliest).SubsecondNanoseconds % 1_000)
        : throw new InvalidEventException(field, "must be from 1970 to 2199");

    private static EventMessage Read(IEnumerable<JsonElement> elements)
    {
        var events = new List<IndexedEvent>();
        var problems = new List<EventProblem>();
        var index = 0;
        foreach (var element in elements)
        {
            try
            {
                events.Add(new IndexedEvent(index, ReadEvent(element)));
            }
            catch (InvalidEventException exception)
            {
                problems.Add(new EventProblem(index, exception.Message));
            }

            index++;
        }

        return new EventMessage(events, problems, index);
    }

    private static ReportingEvent ReadFields(JsonElement element)
    {
        var (id, accountId, name) = (Required(element, "id", ReadGuid), Required(element, "accountId", ReadId), Required(element, "name", ReadName));
        return new ReportingEvent
        {
            Id = id,
            AccountId = accountId,
            Name = name,
            Value = Optional(element, "value", (field, value) => ReadSeconds(field, value, name)),
            ValueInBusinessHours = Optional(element, "valueInBusinessHours", (field, value) => ReadSeconds(field, value, name)),
            UserId = Optional(element, "userId", ReadId),
            InboxId = Optional(element, "inboxId", ReadId),
            ConversationId = Optional(element, "conversationId", ReadId),
            EventStartTime = Optional(element, "eventStartTime", ReadInstant),
            EventEndTime = Optional(element, "eventEndTime", ReadInstant),
            CreatedAt = Required(element, "createdAt", ReadInstant),
        };
    }

    private static T Required<T>(JsonElement element, string field, Func<string, JsonElement, T> read) =>
        element.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null
            ? read(field, value)
            : throw new InvalidEventException(field, "is missing");

    private static T? Optional<T>(JsonElement element, string field, Func<string, JsonElement, T> read)
        where T : struct =>
        element.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null ? read(field, value) : null;

    private static Guid ReadGuid(string field, JsonElement value) =>
        Guid.TryParse(TextOf(value), out var id)
            ? id
            : throw new InvalidEventException(field, "must be a UUID");

    private static long ReadId(string field, JsonElement value)
    {
        long id = 0;
        var isInteger = value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetInt64(out id),
            JsonValueKind.String => long.TryParse(TextOf(value), NumberStyles.None, CultureInfo.InvariantCulture, out id),
            _ => false,
        };
        return isInteger && id > 0 ? id : throw new InvalidEventException(field, "must be a positive integer");
    }

    private static string ReadName(string field, JsonElement value) =>
        CheckName(field, TextOf(value) ?? throw new InvalidEventException(field, "must be text"));

    private static decimal ReadSeconds(string field, JsonElement value, string eventName) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var seconds)
            ? CheckSeconds(field, seconds, eventName)
            : throw new InvalidEventException(field, $"must be a number of seconds up to {MaxSeconds}");

    private static Instant ReadInstant(string field, JsonElement value) =>
        TextOf(value) is { } text && OffsetDateTimePattern.ExtendedIso.Parse(text) is { Success: true } parsed
            ? CheckInstant(field, parsed.Value.ToInstant())
            : throw new InvalidEventException(field, "must be an instant such as '2026-03-08T14:30:00Z'");

    /// <summary>Null if the value is no text, or holds half of a surrogate pair, which is none either.</summary>
    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>What a message holds: the events that can be applied, and what is wrong with the others.</summary>
/// <param name="Events">In the message's order.</param>
/// <param name="Problems">In the message's order.</param>
/// <param name="Count">How many elements the message has.</param>
internal sealed record EventMessage(IReadOnlyList<IndexedEvent> Events, IReadOnlyList<EventProblem> Problems, int Count);

/// <summary>An event and its place, from 0, in its message.</summary>
internal sealed record IndexedEvent(int Index, ReportingEvent Event);

/// <summary>What is wrong with the element at <paramref name="Index"/>, from 0.</summary>
internal sealed record EventProblem(int Index, string Problem);

/// <summary>An event that cannot be applied; the message names the field.</summary>
internal sealed class InvalidEventException(string? field, string problem, Exception? innerException = null)
    : OperatorException(field is null ? problem : $"'{field}' {problem}", innerException);
