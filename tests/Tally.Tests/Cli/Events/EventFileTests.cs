using System.Text;
using NodaTime;
using NodaTime.Text;
using Shouldly;
using Tally.Cli.Events;
using Tally.Cli.Shell;
using Tally.Reporting.Events;
using Xunit;

namespace Tally.Tests.Cli.Events;

/// <summary>Files of history as people have them: what is read, and what is said of the others.</summary>
public sealed class EventFileTests
{
    private const string Csv = "id,account_id,name,created_at\n7,42,first_response,2026-03-08 14:30:00\n";

    private static readonly ReportingEvent Seventh = new()
    {
        Id = StableId.Of("42/7"), AccountId = 42, Name = "first_response", CreatedAt = Instant.FromUtc(2026, 3, 8, 14, 30),
    };

    [Theory]
    [InlineData(",")]
    [InlineData(";")]
    [InlineData("\t")]
    [InlineData("|")]
    public async Task The_delimiter_of_a_CSV_is_the_one_that_its_header_makes_clear(string delimiter) =>
        (await ReadAsync(Csv.Replace(",", delimiter, StringComparison.Ordinal))).ShouldBe([Seventh]);

    [Fact]
    public async Task A_delimiter_may_be_given() =>
        (await ReadAsync("id^account_id^name^created_at\n7^42^first_response^2026-03-08 14:30:00\n", delimiter: '^')).ShouldBe([Seventh]);

    [Fact]
    public async Task A_header_that_no_delimiter_splits_is_shown() =>
        (await Should.ThrowAsync<CommandException>(ReadAsync(Csv.Replace(',', '^')))).Message.ShouldBe(
            "The CSV has no column 'id' and no column 'account_id' and no column 'name' and no column 'created_at'. Its first line must name the columns, and reads: "
            + "id^account_id^name^created_at. If it is not split where it should be, say --delimiter ';' or what it is.");

    [Theory]
    [InlineData("id,account_id,name,created_at,createdAt\n", "The CSV has the same column 2 times: 'created_at', 'createdAt'. Leave one.")]
    [InlineData("id,account_id,name,created_at,note,Note\n", "The CSV has the same column 2 times: 'note', 'Note'. Leave one.")]
    public async Task A_column_that_comes_twice_is_refused_with_both_names(string header, string message) =>
        (await Should.ThrowAsync<CommandException>(ReadAsync(header))).Message.ShouldBe(message);

    [Fact]
    public async Task A_JSON_field_that_comes_twice_is_refused_with_both_names() =>
        (await ProblemOfAsync("""{"id":1,"account_id":1,"accountId":2,"name":"x","created_at":"2026-03-08 14:30"}""")).ShouldBe("has the same field twice: 'account_id' and 'accountId'");

    [Theory]
    [InlineData("""{"id":7,"account_id":42,"name":"first_response","created_at":"2026-03-08T14:30:00.000000"}""")]
    [InlineData("""{"id":"7","accountId":"42","name":"first_response","createdAt":"2026-03-08 14:30:00"}""")]
    [InlineData("""{"id":7.0,"account_id":42.0,"name":"first_response","value":null,"created_at":"2026-03-08T15:30:00+01:00","note":{"any":[1]}}""")]
    public async Task NDJSON_has_the_names_ids_and_times_of_CSV(string line) => (await ReadAsync(line)).ShouldBe([Seventh]);

    [Theory]
    [InlineData("2026-03-08 14:30:00 UTC")]
    [InlineData("2026-03-08 14:30:00.000000 UTC")]
    [InlineData("2026-03-08 14:30:00 +0000")]
    [InlineData("2026-03-08 14:30:00+00")]
    [InlineData("2026-03-08 14:30")]
    [InlineData("2026-03-08T14:30Z")]
    [InlineData("2026-03-08t14:30:00z")]
    [InlineData("2026-03-08 20:00:00 +05:30")]
    [InlineData("2026-03-08 09:30:00-05")]
    [InlineData("2026-03-08 14:30:00,000")]
    public async Task A_time_that_can_mean_one_thing_is_read(string time)
    {
        (await ReadAsync($"id;account_id;name;created_at\n7;42;first_response;{time}\n")).ShouldBe([Seventh]);
        (await ReadAsync($$"""{"id":7,"account_id":42,"name":"first_response","created_at":"{{time}}"}""")).ShouldBe([Seventh]);
    }

    [Fact]
    public async Task Microseconds_of_a_time_are_kept() => (await ReadAsync("""{"id":7,"account_id":42,"name":"x","created_at":"2026-03-08 14:30:00.123456 UTC"}"""))[0].CreatedAt
        .ShouldBe(InstantPattern.ExtendedIso.Parse("2026-03-08T14:30:00.123456Z").Value);

    [Theory]
    [InlineData("2026-03-08")]
    [InlineData("08/03/2026 14:30")]
    [InlineData("03/08/2026 14:30")]
    [InlineData("1772980200")]
    [InlineData("2026-03-08 14:30 CET")]
    [InlineData("2026-02-30 14:30")]
    [InlineData("2026-03-08 25:30")]
    [InlineData("2026-03-08 14:30:00 +99:00")]
    [InlineData("٢٠٢٦-03-08 14:30")]
    public async Task A_time_that_can_mean_more_or_nothing_is_refused(string time) =>
        (await ProblemOfAsync($$"""{"id":7,"account_id":42,"name":"x","created_at":"{{time}}"}""")).ShouldStartWith($"'created_at' is '{time}', no time such as");

    [Theory]
    [InlineData("7.5")]
    [InlineData("-7")]
    [InlineData("1e3")]
    [InlineData("7.")]
    [InlineData("99999999999999999999")]
    public async Task An_id_that_is_no_whole_number_is_refused(string id)
    {
        (await ProblemOfAsync($"id,account_id,name,created_at\n{id},42,x,2026-03-08 14:30\n")).ShouldBe($"'id' is '{id}', neither a UUID nor a whole number");
        (await ProblemOfAsync($"id,account_id,name,created_at\n7,{id},x,2026-03-08 14:30\n")).ShouldBe($"'account_id' is '{id}', no positive whole number");
    }

    [Theory]
    [InlineData("true", "'name' is a JSON true, neither text nor a number")]
    [InlineData("{}", "'name' is a JSON object, neither text nor a number")]
    [InlineData("\"half \\ud83d\"", "'name' is not Unicode text")]
    public async Task A_JSON_value_that_is_no_text_is_refused(string name, string problem) =>
        (await ProblemOfAsync($$"""{"id":7,"account_id":42,"name":{{name}},"created_at":"2026-03-08 14:30"}""")).ShouldBe(problem);

    [Fact]
    public async Task A_duration_of_which_only_the_count_is_used_may_be_negative()
    {
        (await ReadAsync("""{"id":7,"account_id":42,"name":"conversation_bot_resolved","value":-5,"created_at":"2026-03-08 14:30"}"""))[0].Value.ShouldBe(-5);
        (await ProblemOfAsync("""{"id":7,"account_id":42,"name":"first_response","value":-5,"created_at":"2026-03-08 14:30"}""")).ShouldBe("'value' is -5, and must be from 0 to 10000000000 seconds");
    }

    [Fact]
    public async Task A_JSON_array_is_named_as_such() =>
        (await Should.ThrowAsync<CommandException>(ReadAsync("""[{"id":7}]"""))).Message.ShouldStartWith("The file is a JSON array, and events come one a line. Write it so: jq");

    [Theory]
    [InlineData("odd", "Ndjson", """{"id":7,"account_id":42,"name":"first_response","created_at":"2026-03-08 14:30"}""")]
    [InlineData("odd.csv", "Ndjson", """{"id":7,"account_id":42,"name":"first_response","created_at":"2026-03-08 14:30"}""")]
    [InlineData("odd.json", "Csv", Csv)]
    public async Task The_format_is_told_by_the_first_character_unless_it_is_given(string name, string format, string content)
    {
        if (!name.EndsWith("json", StringComparison.Ordinal)) (await ReadAsync(content, name)).ShouldBe([Seventh]);
        (await ReadAsync(content, name, Enum.Parse<EventFormat>(format))).ShouldBe([Seventh]);
    }

    [Fact]
    public async Task A_byte_order_mark_is_passed_over()
    {
        (await ReadAsync([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Csv)])).ShouldBe([Seventh]);
        (await ReadAsync([0xEF, 0xBB, 0xBF, .. """{"id":7,"account_id":42,"name":"first_response","created_at":"2026-03-08 14:30"}"""u8])).ShouldBe([Seventh]);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1_500)]
    [InlineData(4_000)]
    public async Task Bytes_that_are_not_UTF8_are_refused_with_line_and_byte(int lines)
    {
        var good = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, lines).Select(number => $"{number},42,é漢😀,2026-03-08 14:30\n")));
        var latin = Encoding.Latin1.GetBytes("9,42,caf\u00e9,2026-03-08 14:30\n");

        (await Should.ThrowAsync<CommandException>(ReadAsync([.. "id,account_id,name,created_at\n"u8, .. good, .. latin]))).Message
            .ShouldStartWith($"file:{lines + 2}: byte 9 of the line is 0xE9, which is not UTF-8. Save the file as UTF-8, or convert it");
    }

    [Fact]
    public async Task A_character_that_the_end_of_the_file_cuts_is_refused() =>
        (await Should.ThrowAsync<CommandException>(ReadAsync([.. Encoding.UTF8.GetBytes(Csv), .. "7,42,"u8, 0xE6, 0xBC]))).Message.ShouldStartWith("file:3: byte 6 of the line is 0xE6");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task A_character_may_lie_in_two_reads(int readBytes)
    {
        var text = $"id,account_id,name,created_at\n7,42,{string.Concat(Enumerable.Repeat("é漢😀", 40))},2026-03-08 14:30\n";

        (await ReadAsync(new Utf8Input(new SlowStream(Encoding.UTF8.GetBytes(text), readBytes), "file")))[0].Name.ShouldBe(string.Concat(Enumerable.Repeat("é漢😀", 40)));
    }

    [Fact]
    public async Task UTF16_is_named_as_such() =>
        (await Should.ThrowAsync<CommandException>(ReadAsync([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(Csv)]))).Message.ShouldStartWith("file is UTF-16, and UTF-8 is expected.");

    [Fact]
    public async Task A_line_that_has_no_end_is_refused_before_it_fills_the_memory() =>
        (await Should.ThrowAsync<CommandException>(ReadAsync([.. Encoding.UTF8.GetBytes(Csv), .. Enumerable.Repeat((byte)'x', 2 * Utf8Input.MaxLineBytes)]))).Message
            .ShouldStartWith("file:3: the line has more than 1,048,576 bytes.");

    private static Task<IReadOnlyList<ReportingEvent>> ReadAsync(string content, string name = "file", EventFormat? format = null, char? delimiter = null) =>
        ReadAsync(new Utf8Input(new MemoryStream(Encoding.UTF8.GetBytes(content)), name), name, format, delimiter);

    private static Task<IReadOnlyList<ReportingEvent>> ReadAsync(byte[] content) => ReadAsync(new Utf8Input(new MemoryStream(content), "file"));

    private static async Task<IReadOnlyList<ReportingEvent>> ReadAsync(Utf8Input file, string name = "file", EventFormat? format = null, char? delimiter = null) =>
        [.. (await LinesAsync(file, name, format, delimiter)).Select(line => line.Event ?? throw line.Problem!)];

    private static async Task<string> ProblemOfAsync(string content) =>
        (await LinesAsync(new Utf8Input(new MemoryStream(Encoding.UTF8.GetBytes(content)), "file"), "file", null, null)).ShouldHaveSingleItem().Problem.ShouldNotBeNull().Message;

    private static async Task<List<ReadLine>> LinesAsync(Utf8Input file, string name, EventFormat? format, char? delimiter)
    {
        using (file)
            return await EventFile.ReadAsync(file, name, format, delimiter, CancellationToken.None).ToListAsync();
    }

    /// <summary>Gives a few bytes at a time, as a pipe may.</summary>
    private sealed class SlowStream(byte[] content, int readBytes) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(readBytes, buffer.Length)], cancellationToken);
    }
}
