using System.Text;
using NodaTime;
using NodaTime.Text;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Events;
using Xunit;

namespace Tally.Tests.Reporting.Events;

/// <summary>The fields of an event in a message, and what is said of wrong ones.</summary>
public sealed class EventReaderTests
{
    private const string Id = "0198a6f2-7c1e-7d3a-9b1f-2f4f7f1c9a10";

    [Fact]
    public void Every_field_is_read()
    {
        var message = TextMessages.Read($$"""
            {"id": "{{Id}}", "accountId": 1, "name": "first_response", "value": 12.345, "valueInBusinessHours": 6, "userId": 2, "inboxId": 3,
             "conversationId": 4, "eventStartTime": "2026-02-11T12:00:00+05:30", "eventEndTime": "2026-02-11T06:30:12.345Z", "createdAt": "2026-02-11T06:30:13Z"}
            """);

        message.Problems.ShouldBeEmpty();
        message.Events.ShouldBe([new IndexedEvent(0, new ReportingEvent
        {
            Id = Guid.Parse(Id), AccountId = 1, Name = "first_response", Value = 12.345m, ValueInBusinessHours = 6, UserId = 2, InboxId = 3, ConversationId = 4,
            EventStartTime = Instant.FromUtc(2026, 2, 11, 6, 30), EventEndTime = Instant.FromUtc(2026, 2, 11, 6, 30, 12) + Duration.FromMilliseconds(345),
            CreatedAt = Instant.FromUtc(2026, 2, 11, 6, 30, 13),
        })]);
    }

    [Fact]
    public void Optional_fields_may_be_missing_or_null_and_other_fields_are_ignored()
    {
        var one = Read("""{"id": "ID", "accountId": 1, "name": "x", "value": null, "userId": null, "createdAt": "2026-02-11T06:30:13Z", "teamId": 5, "extra": {"deep": [1]}}""");

        (one.Value, one.ValueInBusinessHours, one.UserId, one.InboxId, one.ConversationId, one.EventStartTime, one.EventEndTime)
            .ShouldBe((null, null, null, null, null, null, null));
    }

    [Fact]
    public void Large_integers_may_be_given_as_text() =>
        Read("""{"id": "ID", "accountId": "9223372036854775807", "name": "x", "userId": "1", "createdAt": "2026-02-11T06:30:13Z"}""").AccountId.ShouldBe(long.MaxValue);

    [Fact]
    public void Times_are_cut_to_the_microseconds_that_the_database_keeps() =>
        Read("""{"id": "ID", "accountId": 1, "name": "x", "createdAt": "2026-02-11T06:30:13.123456789Z"}""").CreatedAt
            .ShouldBe(InstantPattern.ExtendedIso.Parse("2026-02-11T06:30:13.123456Z").Value);

    [Theory]
    [InlineData("1969-12-31T23:59:59Z", false)]
    [InlineData("1970-01-01T00:00:00Z", true)]
    [InlineData("2199-12-31T23:59:59.999999Z", true)]
    [InlineData("2200-01-01T00:00:00Z", false)]
    public void Times_are_from_1970_to_2199(string time, bool isValid) => Accepts("createdAt", $"\"{time}\"").ShouldBe(isValid);

    [Theory]
    [InlineData("0", true)]
    [InlineData("0.001", true)]
    [InlineData("1e3", true)]
    [InlineData("10000000000", true)]
    [InlineData("10000000000.001", false)]
    [InlineData("-0.001", false)]
    public void Durations_are_from_0_to_ten_thousand_million_seconds(string value, bool isValid) => Accepts("value", value, "first_response").ShouldBe(isValid);

    [Theory]
    [InlineData("conversation_bot_resolved", true)]
    [InlineData("conversation_bot_handoff", true)]
    [InlineData("anything_else", true)]
    [InlineData("conversation_resolved", false)]
    [InlineData("first_response", false)]
    [InlineData("reply_time", false)]
    public void A_negative_duration_is_refused_only_where_it_would_be_summed(string name, bool isValid)
    {
        foreach (var field in new[] { "value", "valueInBusinessHours" })
        {
            Accepts(field, "-5", name).ShouldBe(isValid);
            if (!isValid) TextMessages.Read(Json(field, "-5", name)).Problems.Single().Problem.ShouldBe($"'{field}' is -5, and must be from 0 to 10000000000 seconds");
        }
    }

    [Fact]
    public void A_byte_order_mark_before_a_message_is_passed_over() =>
        EventReader.ReadMessage((byte[])[0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Json("name", "\"x\""))]).Events.ShouldHaveSingleItem();

    [Theory]
    [InlineData("name")]
    [InlineData("another")]
    public void Bytes_that_are_not_UTF8_are_refused_and_never_read_as_something_else(string field) =>
        Should.Throw<InvalidEventException>(() => EventReader.ReadMessage(Encoding.Latin1.GetBytes(Json(field, "\"caf\u00e9\"")))).Message
            .ShouldMatch(@"^the text is not UTF-8: byte \d+ is 0xE9$");

    [Theory]
    [InlineData("0.1234564", "0.123456")]
    [InlineData("0.1234567890123456789012345678", "0.123457")]
    [InlineData("12.300000000000001", "12.3")]
    public void Durations_keep_microseconds_so_that_their_sums_stay_exact(string value, string kept) =>
        Read($$"""{"id": "ID", "accountId": 1, "name": "x", "value": {{value}}, "createdAt": "2026-02-11T06:30:13Z"}""").Value
            .ShouldBe(decimal.Parse(kept, System.Globalization.CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("id")]
    [InlineData("accountId")]
    [InlineData("name")]
    [InlineData("createdAt")]
    public void A_required_field_that_is_missing_or_null_is_named(string field)
    {
        ProblemOf(field, null).ShouldBe($"'{field}' is missing");
        ProblemOf(field, "null").ShouldBe($"'{field}' is missing");
    }

    public static TheoryData<string, string, string> WrongFields()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var value in new[] { "\"\"", "\"not-a-uuid\"", "5", "{}", "\"\\ud800\"" }) data.Add("id", value, "must be a UUID");
        foreach (var field in new[] { "accountId", "userId", "inboxId", "conversationId" })
            foreach (var value in new[] { "0", "-1", "1.5", "\"\"", "\" 1\"", "\"1e3\"", "9223372036854775808", "true", "[1]", "\"\\ud800\"" })
                data.Add(field, value, "must be a positive integer");
        foreach (var value in new[] { "\"\"", "\"  \"", "\"a\\u0000b\"", $"\"{new string('x', 256)}\"" }) data.Add("name", value, "must be text of 1 to 255 characters");
        foreach (var value in new[] { "5", "{}" }) data.Add("name", value, "must be text");
        data.Add("name", "\"half \\ud83d\"", "must be text");
        foreach (var field in new[] { "value", "valueInBusinessHours" })
        {
            foreach (var value in new[] { "-10000000001", "10000000001" }) data.Add(field, value, $"is {value}, and must be from -10000000000 to 10000000000 seconds");
            foreach (var value in new[] { "1e400", "\"5\"", "true", "{}" }) data.Add(field, value, "must be a number of seconds up to 10000000000");
        }

        foreach (var field in new[] { "createdAt", "eventStartTime", "eventEndTime" })
        {
            foreach (var value in new[] { "\"\"", "\"yesterday\"", "\"2026-02-11\"", "\"2026-02-11T12:00:00\"", "\"2026-02-30T12:00:00Z\"", "1770813000", "\"\\ud800\"" })
                data.Add(field, value, "must be an instant such as '2026-03-08T14:30:00Z'");
            foreach (var value in new[] { "\"1969-12-31T23:59:59Z\"", "\"2200-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59Z\"" }) data.Add(field, value, "must be from 1970 to 2199");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(WrongFields))]
    public void A_wrong_field_is_named_with_what_it_must_be(string field, string value, string problem) =>
        ProblemOf(field, value).ShouldStartWith($"'{field}' {problem}");

    [Theory]
    [InlineData("5", "number")]
    [InlineData("\"text\"", "string")]
    [InlineData("null", "null")]
    [InlineData("[]", "array")]
    public void An_element_that_is_no_object_is_a_problem_of_its_own(string element, string kind)
    {
        var message = TextMessages.Read($"[{Json("name", "\"x\"")}, {element}]");

        message.Events.ShouldHaveSingleItem().Index.ShouldBe(0);
        message.Problems.ShouldBe([new EventProblem(1, $"an event is a JSON object, not a JSON {kind}")]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("""{"id": """)]
    [InlineData("""{"id": 1,}""")]
    [InlineData("{} {}")]
    public void A_text_that_is_not_JSON_is_refused_with_the_place(string text) =>
        Should.Throw<InvalidEventException>(() => TextMessages.Read(text)).Message.ShouldMatch(@"^the text is not JSON \(line \d+, byte \d+\)$");

    [Theory]
    [InlineData("5", "number")]
    [InlineData("null", "null")]
    [InlineData("true", "true")]
    public void A_message_that_is_neither_event_nor_array_is_refused(string text, string kind) =>
        Should.Throw<InvalidEventException>(() => TextMessages.Read(text)).Message.ShouldEndWith($"not a JSON {kind}");

    [Fact]
    public void An_empty_array_holds_no_events() => TextMessages.Read("[]").ShouldSatisfyAllConditions(
        message => message.Count.ShouldBe(0),
        message => message.Problems.ShouldBeEmpty());

    private static ReportingEvent Read(string json) => TextMessages.Read(json.Replace("ID", Id, StringComparison.Ordinal)).Events.ShouldHaveSingleItem().Event;

    private static bool Accepts(string field, string value, string name = "x") => TextMessages.Read(Json(field, value, name)).Problems.Count == 0;

    private static string ProblemOf(string field, string? value) => TextMessages.Read(Json(field, value)).Problems.ShouldHaveSingleItem().Problem;

    /// <summary>An event whose <paramref name="field"/> has this JSON as its value, or is missing.</summary>
    private static string Json(string field, string? value, string name = "x")
    {
        var fields = new Dictionary<string, string?> { ["id"] = $"\"{Id}\"", ["accountId"] = "1", ["name"] = $"\"{name}\"", ["createdAt"] = "\"2026-02-11T06:30:13Z\"", [field] = value };
        return $"{{{string.Join(", ", fields.Where(pair => pair.Value is not null).Select(pair => $"\"{pair.Key}\": {pair.Value}"))}}}";
    }
}
