using NodaTime;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;
using Xunit;

namespace Tally.Tests.Cli;

public sealed class OutputTests
{
    private static readonly Sample Full = new(
        9_007_199_254_740_993, "say \"hi\", twice", 0.0000001m, true, new LocalDate(2026, 3, 8), Instant.FromUtc(2026, 3, 8, 7, 0) + Duration.FromMilliseconds(5),
        Duration.FromHours(26) + Duration.FromSeconds(3), OutputFormat.Json, ["a", "b"]);

    private static readonly Sample Empty = new(1, "", 1.50m, null, null, null, null, null, []);

    [Fact]
    public void Json_keeps_types_and_writes_decimals_plainly()
    {
        Write(OutputFormat.Json, output => output.WriteOne(Full)).ReplaceLineEndings("\n").Trim().ShouldBe("""
            {
              "account_id": 9007199254740993,
              "text": "say \"hi\", twice",
              "sum_value": 0.0000001,
              "is_done": true,
              "date": "2026-03-08",
              "created_at": "2026-03-08T07:00:00.005Z",
              "time_left": "26:00:03",
              "state": "json",
              "many": [
                "a",
                "b"
              ]
            }
            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Json_of_a_list_is_an_array_and_missing_values_are_null()
    {
        var json = System.Text.Json.JsonDocument.Parse(Write(OutputFormat.Json, output => output.WriteList([Empty])));

        json.RootElement[0].GetProperty("date").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        json.RootElement[0].GetProperty("sum_value").GetRawText().ShouldBe("1.50");
        Write(OutputFormat.Json, output => output.WriteList(Array.Empty<Sample>())).Trim().ShouldBe("[]");
    }

    [Fact]
    public void Csv_has_a_header_and_quotes_what_needs_it()
    {
        var lines = Write(OutputFormat.Csv, output => output.WriteList([Full, Empty])).ReplaceLineEndings("\n").Trim().Split('\n');

        lines[0].ShouldBe("account_id,text,sum_value,is_done,date,created_at,time_left,state,many");
        lines[1].ShouldBe("9007199254740993,\"say \"\"hi\"\", twice\",0.0000001,true,2026-03-08,2026-03-08T07:00:00.005Z,26:00:03,json,\"a, b\"");
        lines[2].ShouldBe("1,,1.50,,,,,,");
    }

    [Fact]
    public void A_table_on_a_pipe_keeps_each_row_on_one_line()
    {
        var lines = Write(OutputFormat.Table, output => output.WriteList([Full with { Text = new string('x', 300) }])).ReplaceLineEndings("\n").Split('\n');

        lines.Count(line => line.Contains("9007199254740993", StringComparison.Ordinal)).ShouldBe(1);
        lines.ShouldContain(line => line.Contains(new string('x', 300), StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_takes_text_as_text_and_not_as_markup() =>
        Write(OutputFormat.Table, output => output.WriteOne(Full with { Text = "[red]no[/]" })).ShouldContain("[red]no[/]");

    [Theory]
    [InlineData("=1+1")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("@SUM(A1)")]
    [InlineData("\t=1")]
    public void Csv_keeps_a_spreadsheet_from_running_text_unless_it_is_to_be_raw(string text)
    {
        Write(OutputFormat.Csv, output => output.WriteOne(Empty with { Text = text, SumValue = -1 })).ShouldContain($"1,'{text},-1");
        Write(OutputFormat.Csv, output => output.WriteOne(Empty with { Text = text, SumValue = -1 }), isRaw: true).ShouldContain($"1,{text},-1");
        Write(OutputFormat.Json, output => output.WriteOne(Empty with { Text = text })).ShouldContain($"\"text\": \"{text.Replace("\t", "\\t", StringComparison.Ordinal)}\"");
    }

    private static string Write(OutputFormat format, Action<IOutput> write, bool isRaw = false)
    {
        using var text = new StringWriter();
        write(Outputs.Create(format, isRaw, new Terminal
        {
            Out = text,
            Error = TextWriter.Null,
            In = TextReader.Null,
            Environment = new Dictionary<string, string>(),
            Clock = new NodaTime.Testing.FakeClock(Instant.MinValue),
        }));
        return text.ToString();
    }

    private sealed record Sample(
        long AccountId, string Text, decimal SumValue, bool? IsDone, LocalDate? Date, Instant? CreatedAt, Duration? TimeLeft, OutputFormat? State, IReadOnlyList<string> Many);
}
