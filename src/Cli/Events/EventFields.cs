using System.Globalization;
using NodaTime;
using NodaTime.Text;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary>Reads an event from texts, one for each field.</summary>
internal static class EventFields
{
    private static readonly OffsetDateTimePattern WithOffset = OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-ddTHH:mm:ss;FFFFFFFFFo<G>");

    /// <param name="fieldOf">The text of a field by its column name; null if it is empty or missing.</param>
    /// <exception cref="InvalidEventException">A field is missing or wrong.</exception>
    public static ReportingEvent Read(Func<string, string?> fieldOf)
    {
        var accountId = Number("account_id", Required("account_id"));
        return new ReportingEvent
        {
            Id = EventId("id", accountId, Required("id")),
            AccountId = accountId,
            Name = EventReader.CheckName("name", Required("name")),
            Value = Optional("value", Seconds),
            ValueInBusinessHours = Optional("value_in_business_hours", Seconds),
            UserId = Optional("user_id", Number),
            InboxId = Optional("inbox_id", Number),
            ConversationId = Optional("conversation_id", Number),
            EventStartTime = Optional("event_start_time", Time),
            EventEndTime = Optional("event_end_time", Time),
            CreatedAt = Time("created_at", Required("created_at")),
        };

        string Required(string field) => fieldOf(field) ?? throw new InvalidEventException(field, "is missing");

        T? Optional<T>(string field, Func<string, string, T> read)
            where T : struct => fieldOf(field) is { } text ? read(field, text) : null;
    }

    // The original numbers its events; a UUID made of account and number is the same at every import.
    private static Guid EventId(string field, long accountId, string text) =>
        Guid.TryParse(text, out var id) ? id
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? StableId.Of($"{accountId}/{number}")
        : throw new InvalidEventException(field, $"is '{text}', neither a UUID nor a number");

    private static long Number(string field, string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new InvalidEventException(field, $"is '{text}', no positive integer");

    private static decimal Seconds(string field, string text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            ? EventReader.CheckSeconds(field, seconds)
            : throw new InvalidEventException(field, $"is '{text}', no number of seconds");

    // Without an offset it is PostgreSQL's 'timestamp without time zone', which the original fills with UTC.
    private static Instant Time(string field, string text)
    {
        var iso = text.Replace(' ', 'T');
        if (LocalDateTimePattern.ExtendedIso.Parse(iso) is { Success: true, Value: var local })
            return EventReader.CheckInstant(field, local.InUtc().ToInstant());
        return WithOffset.Parse(iso) is { Success: true, Value: var offset }
            ? EventReader.CheckInstant(field, offset.ToInstant())
            : throw new InvalidEventException(field, $"is '{text}', no time such as '2026-03-08 14:30:00' or '2026-03-08T14:30:00Z'");
    }
}
