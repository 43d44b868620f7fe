using System.Text.Json;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Reporting.Accounts;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Rollups;

/// <summary>Reports, drift and the read path from the command line.</summary>
public sealed class ReportCommandTests(TestDatabase database) : HistoryCommandTest(database)
{
    [Fact]
    public async Task A_series_is_a_document_with_its_source()
    {
        await GiveHistoryAsync();
        (await Runner.RunAsync("account", "rollup-reads", Account, "on")).ExitCode.ShouldBe(ExitCode.Done);

        var report = await ReportAsync("--metric", "avg_first_response_time", "--from", "2026-02-10", "--to", "2026-02-11");

        report.GetProperty("source").GetString().ShouldBe("rollup");
        report.GetProperty("covered").GetBoolean().ShouldBeTrue();
        report.GetProperty("aggregate").GetDecimal().ShouldBe(91);
        report.GetProperty("series").EnumerateArray().Select(point => $"{point.GetProperty("timestamp")} {point.GetProperty("date")} {point.GetProperty("value")} {point.GetProperty("count")}")
            .ShouldBe([$"{Seconds("2026-02-10T05:00:00Z")} 2026-02-10 90 2", $"{Seconds("2026-02-11T05:00:00Z")} 2026-02-11 93 1"]);
    }

    [Fact]
    public async Task A_range_of_instants_is_stitched_and_says_of_which_days()
    {
        await GiveHistoryAsync();
        await Runner.RunAsync("account", "rollup-reads", Account, "on");

        var report = await ReportAsync("--metric", "resolutions_count", "--from", "2026-02-10", "--to", "2026-02-11T18:00:00Z", "--dimension", "agent", "--id", "7");

        report.GetProperty("source").GetString().ShouldBe("mixed");
        report.GetProperty("parts").EnumerateArray().Select(part => part.ToString().Replace("\n", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal))
            .ShouldBe(["""{"source":"rollup","from":"2026-02-10","to":"2026-02-10"}""", """{"source":"raw","from":"2026-02-11","to":"2026-02-11"}"""]);
        report.GetProperty("missing_days").GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData("--timezone", "Asia/Tokyo")]
    [InlineData("--offset", "+9")]
    public async Task Days_can_be_those_of_another_zone(string option, string zone)
    {
        await GiveHistoryAsync();
        var report = await ReportAsync("--metric", "reply_time", "--from", "2026-02-10", "--to", "2026-02-10", option, zone);
        report.GetProperty("series")[0].GetProperty("timestamp").GetInt64().ShouldBe(Seconds("2026-02-09T15:00:00Z"));
        report.GetProperty("aggregate").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Hours_are_named_by_the_clock()
    {
        await GiveHistoryAsync();
        var report = await ReportAsync("--metric", "resolutions_count", "--from", "2026-02-10", "--to", "2026-02-10", "--group-by", "hour", "--business-hours");
        report.GetProperty("series").GetArrayLength().ShouldBe(24);
        report.GetProperty("series")[13].GetProperty("date").GetString().ShouldBe("2026-02-10T13:00");
    }

    [Fact]
    public async Task A_summary_is_a_document_of_rows()
    {
        await GiveHistoryAsync();
        var result = await Runner.RunAsync("rollups", "summary", "--account", Account, "--dimension", "agent", "--from", "2026-02-10", "--to", "2026-02-11", "-o", "json");
        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        var summary = JsonDocument.Parse(result.Out).RootElement;
        summary.GetProperty("source").GetString().ShouldBe("raw");
        summary.GetProperty("rows").EnumerateArray().Single().GetRawText().ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal)
            .ShouldBe("""{"id":7,"resolved_conversations_count":1,"avg_resolution_time":60,"avg_first_response_time":91,"avg_reply_time":null}""");
    }

    [Fact]
    public async Task Tables_and_csv_have_the_points_and_the_rest_is_said_beside_them()
    {
        await GiveHistoryAsync();
        var csv = await Runner.RunAsync("rollups", "report", "--account", Account, "--metric", "avg_first_response_time", "--from", "2026-02-10", "--to", "2026-02-10", "-o", "csv");
        csv.Out.ReplaceLineEndings("\n").ShouldBe($"timestamp,date,value,count\n{Seconds("2026-02-10T05:00:00Z")},2026-02-10,90,2\n");
        csv.Error.ShouldContain("avg_first_response_time of the range: 90.");
        csv.Error.ShouldContain("From raw events: 2026-02-10 to 2026-02-10. Rollups cover every day.");
    }

    [Theory]
    [InlineData("--metric is 'conversations_count'. Use avg_first_response_time, ", "--metric", "conversations_count")]
    [InlineData("--timezone and --offset", "--metric", "reply_time", "--timezone", "Asia/Tokyo", "--offset", "9")]
    [InlineData("Did you mean 'Asia/Tokyo'", "--metric", "reply_time", "--timezone", "asia/tokyo")]
    [InlineData("'soon' is no offset", "--metric", "reply_time", "--offset", "soon")]
    [InlineData("--dimension is 'team'. Use account, agent or inbox.", "--metric", "reply_time", "--dimension", "team", "--id", "1")]
    [InlineData("Rollups alone cannot answer this: they hold days, not hours", "--metric", "reply_time", "--group-by", "hour", "--source", "rollup")]
    [InlineData("--group-by is 'decade'", "--metric", "reply_time", "--group-by", "decade")]
    public async Task What_cannot_be_reported_is_refused_with_a_sentence(string message, params string[] options)
    {
        await GiveHistoryAsync();
        var result = await Runner.RunAsync(["rollups", "report", "--account", Account, "--from", "2026-02-10", "--to", "2026-02-11", .. options]);
        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain(message);
    }

    [Fact]
    public async Task A_bound_that_is_neither_date_nor_instant_is_refused() =>
        (await Runner.RunAsync("rollups", "report", "--account", Account, "--metric", "reply_time", "--from", "yesterday", "--to", "2026-02-11")).Error
            .ShouldContain("--from is 'yesterday'. Use a date such as 2026-03-29 or an instant");

    [Fact]
    public async Task Reports_read_rollups_only_after_they_verify()
    {
        await GiveHistoryAsync();
        await ExecuteAsync($"UPDATE reporting.reporting_events_rollups SET count = count + 1 WHERE account_id = {Account}");

        var refused = await Runner.RunAsync("account", "rollup-reads", Account, "on");
        refused.ExitCode.ShouldBe(ExitCode.No);
        refused.Error.ShouldContain($"2 of 2 days of account {Account} are not what their raw events say, the first on 2026-02-10.");
        (await ReadsRollupsAsync()).ShouldBeFalse();

        (await Runner.RunAsync("account", "rollup-reads", Account, "on", "--force")).ExitCode.ShouldBe(ExitCode.Done);
        (await ReadsRollupsAsync()).ShouldBeTrue();
        (await Runner.RunAsync("account", "rollup-reads", Account, "off")).ExitCode.ShouldBe(ExitCode.Done);
        (await ReadsRollupsAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task Drift_is_shown_with_both_values()
    {
        await ExecuteAsync($"""
            INSERT INTO reporting.rollup_drift (account_id, found_at, date, dimension_type, dimension_id, metric, expected_count, expected_sum_value, expected_sum_value_business_hours)
            VALUES ({Account}, '2026-02-12T02:30Z', '2026-02-11', 'agent', 7, 'first_response', 2, 180.5, 90)
            """);
        var result = await Runner.RunAsync("rollups", "drift", "--account", Account, "-o", "json");
        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        var row = JsonDocument.Parse(result.Out).RootElement[0];
        row.GetProperty("expected_sum").GetDecimal().ShouldBe(180.5m);
        row.GetProperty("found_count").ValueKind.ShouldBe(JsonValueKind.Null);
        result.Error.ShouldContain("1 row differed; of 1 day the rebuild is still to come.");
    }

    private static long Seconds(string instant) => NodaTime.Text.InstantPattern.General.Parse(instant).Value.ToUnixTimeSeconds();

    private async Task<JsonElement> ReportAsync(params string[] options)
    {
        var result = await Runner.RunAsync(["rollups", "report", "--account", Account, "-o", "json", .. options]);
        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        return JsonDocument.Parse(result.Out).RootElement;
    }

    /// <summary>Three first responses and a resolution on two days of New York, rolled up.</summary>
    private Task GiveHistoryAsync() => CreateAccountAsync(
        ("first_response", 80, "2026-02-10T17:00:00Z"), ("first_response", 100, "2026-02-10T18:00:00Z"),
        ("first_response", 93, "2026-02-11T17:00:00Z"), ("conversation_resolved", 60, "2026-02-11T20:00:00Z"));

    private Task<bool> ReadsRollupsAsync() => ScalarAsync<bool>($"SELECT report_rollup FROM reporting.accounts WHERE id = {Account}");
}
