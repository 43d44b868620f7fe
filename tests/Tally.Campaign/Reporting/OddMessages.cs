using System.Text;
using Tally.Reporting.Events;

namespace Tally.Campaign.Reporting;

/// <summary>A message as no good producer writes it.</summary>
/// <param name="Kind">In a few words.</param>
/// <param name="Body">Its bytes.</param>
/// <param name="Problem">What is said of it; null if it is odd and can be applied all the same.</param>
/// <param name="Applied">What of it is applied.</param>
/// <param name="IsBase64">Whether it is put as the host expects it.</param>
internal sealed record OddMessage(string Kind, byte[] Body, string? Problem, IReadOnlyList<ReportingEvent> Applied, bool IsBase64 = true);

/// <summary>Every kind of message that is malformed, or looks so. Each is made of events that would be good.</summary>
internal static class OddMessages
{
    public const long UnknownAccount = 4_000_000_000;

    private const string NotJson = "the text is not JSON";
    private const string NotSeconds = "'value' must be a number of seconds up to 10000000000";
    private const int Largest = 48 * 1024;

    private static readonly Dictionary<string, Func<Func<ReportingEvent>, OddMessage>> Makers = new()
    {
        ["not JSON"] = next => OfText($"no json, {next().Id}", NotJson),
        ["no base64"] = next => OfText($"no base64! {next().Id}", null) with { Problem = "", IsBase64 = false },
        ["not UTF-8"] = next => OfBytes(Encoding.Latin1.GetBytes(With(next(), "name", "\"caf\u00e9\"")), "the text is not UTF-8: byte "),
        ["blank"] = next => OfText(new string(' ', 1 + (next().Id.GetHashCode() & 1023)), NotJson),
        ["cut off"] = next => OfText(Whole(next())[..40], NotJson),
        ["two objects"] = next => OfText(Whole(next()) + Whole(next()), NotJson),
        ["trailing comma"] = next => OfText($"[{Whole(next())},]", NotJson),
        ["NaN"] = next => OfField(next(), "value", "NaN", NotJson),
        ["nested deeply"] = next => OfField(next(), "extra", new string('[', 64) + new string(']', 64), NotJson),
        ["48 KiB that are no JSON"] = next => OfText(next().Id.ToString().PadRight(Largest, 'x'), NotJson),
        ["a number"] = next => OfText($"{next().Id.GetHashCode()}", "not a JSON number"),
        ["an array in an array"] = next => OfText($"[[{Whole(next())}]]", "event 0: an event is a JSON object, not a JSON array"),
        ["10^400"] = next => OfField(next(), "value", "1e400", NotSeconds),
        ["seconds as text"] = next => OfField(next(), "value", "\"5\"", NotSeconds),
        ["negative seconds"] = next => OfField(next() with { Name = "reply_time" }, "value", "-0.5", "'value' is -0.5, and must be from 0 to 10000000000 seconds"),
        ["too many seconds"] = next => OfField(next() with { Name = "reply_time" }, "value", "10000000001", "'value' is 10000000001, and must be"),
        ["unknown account"] = next => OfText(Whole(next() with { AccountId = UnknownAccount }), $"'accountId' names account {UnknownAccount}, which does not exist"),
        ["account 0"] = next => OfField(next(), "accountId", "0", "'accountId' must be a positive integer"),
        ["account 1.5"] = next => OfField(next(), "accountId", "1.5", "'accountId' must be a positive integer"),
        ["account too large"] = next => OfField(next(), "accountId", "9223372036854775808", "'accountId' must be a positive integer"),
        ["name of the wrong type"] = next => OfField(next(), "name", "{}", "'name' must be text"),
        ["name too long"] = next => OfField(next(), "name", $"\"{new string('x', 256)}\"", "'name' must be text of 1 to 255 characters"),
        ["NUL in a name"] = next => OfField(next(), "name", "\"a\\u0000b\"", "'name' must be text of 1 to 255 characters"),
        ["half a character"] = next => OfField(next(), "name", "\"half \\ud83d\"", "'name' must be text"),
        ["half a character in a field's name"] = next => OfField(next(), "\\ud83d", "1", "a field has a name that is not Unicode text"),
        ["id is no UUID"] = next => OfField(next(), "id", "\"4711\"", "'id' must be a UUID"),
        ["no id"] = next => OfField(next(), "id", null, "'id' is missing"),
        ["no time"] = next => OfField(next(), "createdAt", null, "'createdAt' is missing"),
        ["year 9999"] = next => OfField(next(), "createdAt", "\"9999-12-31T23:59:59Z\"", "'createdAt' must be from 1970 to 2199"),
        ["time without an offset"] = next => OfField(next(), "createdAt", "\"2026-02-11T12:00:00\"", "'createdAt' must be an instant"),
        ["one bad event in an array"] = next => OneBad(next(), With(next(), "value", "true"), next(), "1 of 3 events cannot be applied; the others are. event 1: " + NotSeconds),
        ["one unknown account in an array"] = next => OneBad(next(), Whole(next() with { AccountId = UnknownAccount }), next(), $"event 1: 'accountId' names account {UnknownAccount}"),
        ["null in an array"] = next => OneBad(next(), "null", next(), "event 1: an event is a JSON object, not a JSON null"),

        // Odd, and good.
        ["byte order mark"] = next => Good(next(), one => [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Whole(one))]),
        ["doubled keys"] = next => Good(next() with { Value = 2 }, one => Encoding.UTF8.GetBytes(Whole(one).Replace("\"value\":", "\"value\":1,\"value\":", StringComparison.Ordinal))),
        ["account as text"] = next => Good(next(), one => Encoding.UTF8.GetBytes(With(one, "accountId", $"\"{one.AccountId}\""))),
        ["other fields"] = next => Good(next(), one => Encoding.UTF8.GetBytes(With(one, "extra", "{\"id\":1,\"a\":[null]}"))),
        ["48 KiB"] = next => Good(next(), one => Encoding.UTF8.GetBytes(Whole(one).PadRight(Largest))),
        ["empty array"] = next => new OddMessage("", Encoding.UTF8.GetBytes("[]"), null, []),
    };

    public static IReadOnlyList<string> Kinds { get; } = [.. Makers.Keys];

    /// <summary>A message of the kind.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="next">Gives an event of an account that is there, with an id of its own.</param>
    public static OddMessage Make(string kind, Func<ReportingEvent> next) => Makers[kind](next) with { Kind = kind };

    private static OddMessage OfText(string text, string? problem) => OfBytes(Encoding.UTF8.GetBytes(text), problem);

    private static OddMessage OfBytes(byte[] body, string? problem) => new("", body, problem, []);

    private static OddMessage OfField(ReportingEvent one, string field, string? json, string problem) => OfText(With(one, field, json), problem);

    private static OddMessage OneBad(ReportingEvent before, string bad, ReportingEvent after, string problem) =>
        OfText($"[{Whole(before)},{bad},{Whole(after)}]", problem) with { Applied = [before, after] };

    private static OddMessage Good(ReportingEvent one, Func<ReportingEvent, byte[]> body) => new("", body(one), null, [one]);

    private static string Whole(ReportingEvent one) => EventJson.Text(EventJson.Fields(one));

    /// <summary>The event with this JSON in a field, or, with null, without it.</summary>
    private static string With(ReportingEvent one, string field, string? json)
    {
        var fields = EventJson.Fields(one);
        if (json is null) fields.Remove(field);
        else fields[field] = json;
        return EventJson.Text(fields);
    }
}
