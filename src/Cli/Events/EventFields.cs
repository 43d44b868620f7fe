using System.Globalization;
using System.Text.RegularExpressions;
using NodaTime;
using NodaTime.Text;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary>
/// The fields of an event in a file of history, whatever its format: their names, and how their texts are read. Columns and
/// JSON fields are named as those of the original's table or as the queue's, <c>account_id</c> or <c>accountId</c>; capitals
/// and underscores make no difference.
/// </summary>
internal static partial class EventFields
{
    /// <summary>Those that every event has.</summary>
    public static readonly IReadOnlyList<string> Required = ["id", "account_id", "name", "created_at"];

    private static readonly LocalDateTimePattern LocalTime = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss.FFFFFFFFF");
    private static readonly OffsetPattern ZoneOffset = OffsetPattern.CreateWithInvariantCulture("+HH:mm:ss");

    /// <summary>The form in which names are compared.</summary>
    public static string Normalise(string name) => name.Replace("_", "", StringComparison.Ordinal).Trim().ToUpperInvariant();

    /// <param name="fieldOf">The text of a field by its column name; null if it is empty or missing.</param>
    /// <exception cref="InvalidEventException">A field is missing or wrong.</exception>
    public static ReportingEvent Read(Func<string, string?> fieldOf)
    {
        var accountId = Number("account_id", RequiredField("account_id"));
        var id = EventId("id", accountId, RequiredField("id"));
        var name = EventReader.CheckName("name", RequiredField("name"));
        return new ReportingEvent
        {
            Id = id,
            AccountId = accountId,
            Name = name,
            Value = Optional("value", Seconds),
            ValueInBusinessHours = Optional("value_in_business_hours", Seconds),
            UserId = Optional("user_id", Number),
            InboxId = Optional("inbox_id", Number),
            ConversationId = Optional("conversation_id", Number),
            EventStartTime = Optional("event_start_time", Time),
            EventEndTime = Optional("event_end_time", Time),
            CreatedAt = Time("created_at", RequiredField("created_at")),
        };

        string RequiredField(string field) => fieldOf(field) ?? throw new InvalidEventException(field, "is missing");

        T? Optional<T>(string field, Func<string, string, T> read)
            where T : struct => fieldOf(field) is { } text ? read(field, text) : null;

        decimal Seconds(string field, string text) =>
            decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
                ? EventReader.CheckSeconds(field, seconds, name)
                : throw new InvalidEventException(field, $"is '{text}', no number of seconds");
    }

    // The original numbers its events; a UUID made of account and number is the same at every import.
    private static Guid EventId(string field, long accountId, string text) =>
        Guid.TryParse(text, out var id) ? id
        : WholeNumber(text) is { } number ? StableId.Of($"{accountId}/{number}")
        : throw new InvalidEventException(field, $"is '{text}', neither a UUID nor a whole number");

    private static long Number(string field, string text) => WholeNumber(text) is { } number && number > 0
        ? number
        : throw new InvalidEventException(field, $"is '{text}', no positive whole number");

    // A data frame with a gap in a column of numbers writes the others as 7.0.
    private static long? WholeNumber(string text) =>
        WholeNumberPattern().Match(text) is { Success: true } match && long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    // Without a zone it is PostgreSQL's 'timestamp without time zone', which the original fills with UTC.
    private static Instant Time(string field, string text)
    {
        var parts = TimePattern().Match(text).Groups;
        var local = LocalTime.Parse($"{parts["date"].Value} {parts["minute"].Value}:{OrZero(parts["second"].Value)}.{OrZero(parts["fraction"].Value)}");
        var offset = ZoneOffset.Parse($"{parts["sign"].Value}{parts["hours"].Value}:{OrZero(parts["minutes"].Value)}:{OrZero(parts["seconds"].Value)}");
        return local.Success && (offset.Success || !parts["sign"].Success)
            ? EventReader.CheckInstant(field, local.Value.WithOffset(parts["sign"].Success ? offset.Value : Offset.Zero).ToInstant())
            : throw new InvalidEventException(field, $"is '{text}', no time such as '2026-03-08 14:30:00' (UTC) or '2026-03-08T14:30:00+02:00'");
    }

    private static string OrZero(string digits) => digits.Length == 0 ? "00" : digits;

    [GeneratedRegex(@"^([0-9]{1,19})(\.0+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex WholeNumberPattern();

    [GeneratedRegex(
        @"^(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?<minute>[0-9]{2}:[0-9]{2})(:(?<second>[0-9]{2})([.,](?<fraction>[0-9]{1,9}))?)?"
        + @" ?([Zz]|UTC|utc|(?<sign>[+-])(?<hours>[0-9]{2})(:?(?<minutes>[0-9]{2})(:?(?<seconds>[0-9]{2}))?)?)?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex TimePattern();
}
