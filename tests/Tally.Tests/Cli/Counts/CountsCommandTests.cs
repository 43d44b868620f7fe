using System.Text.Json;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Tests.Infrastructure;
using Tally.Tests.ValueStream;
using Xunit;

namespace Tally.Tests.Cli.Counts;

public sealed class CountsCommandTests(TestDatabase database) : ValueStreamTest(database), IDisposable
{
    private readonly CliRunner _tally = new(database.ConnectionString);

    public void Dispose() => _tally.Dispose();

    [Fact]
    public async Task A_box_too_small_is_resumed_until_nothing_is_due()
    {
        await ExecuteAsync(FixtureF);
        _tally["ValueStream__NamespacePageSize"] = "2";
        var outcomes = new List<string>();
        do
        {
            outcomes.Add(Json(await RunAsync("counts", "run", "--budget", "00:00:00", "-o", "json")).GetProperty("outcome").GetString()!);
        }
        while (outcomes[^1] == "time_up");

        outcomes.Count.ShouldBeGreaterThan(6);
        outcomes[^1].ShouldBe("nothing_due");
        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    [Fact]
    public async Task One_group_can_be_counted_by_itself()
    {
        await ExecuteAsync(FixtureF);

        Json(await RunAsync("counts", "run", "--group", "900", "--output", "json")).GetProperty("groups_completed").GetInt32().ShouldBe(1);

        (await CountsAsync()).Keys.ShouldAllBe(key => key.Item1 >= 900);
    }

    [Fact]
    public async Task Status_shows_each_group_by_name_of_state_and_metric()
    {
        await ExecuteAsync(FixtureF);
        await RunAsync("counts", "run", "--budget", "00:00:00");

        var rows = Json(await RunAsync("counts", "status", "-o", "json")).EnumerateArray().ToArray();

        rows.Select(row => $"{row.GetProperty("group")} {row.GetProperty("month")} {row.GetProperty("state")} {row.GetProperty("metric")} {row.GetProperty("percent")} {row.GetProperty("rows")}")
            .ShouldBe(["1 2026-06 paused issues 14.3 3", "900 2026-06 waiting projects 0.0 0"]);
    }

    [Fact]
    public async Task A_report_has_the_value_and_its_coverage()
    {
        await ExecuteAsync(FixtureF);
        await RunAsync("counts", "run");

        var result = await RunAsync("counts", "report", "--namespace", "1", "--metric", "issues", "--from", "2026-06-01", "--to", "2026-06-15", "-o", "json");

        JsonDocument.Parse(result.Out).RootElement.EnumerateObject().Select(property => $"{property.Name} {property.Value}").ShouldBe(
            ["namespace 1", "metric issues", "count 6", "recorded_at 2026-06-15T12:00:00Z", "counted 4", "expected 4", "complete True", "tree whole"]);
    }

    [Fact]
    public async Task A_part_of_a_report_is_called_one()
    {
        await ExecuteAsync(FixtureF);
        await RunAsync("counts", "run", "--budget", "00:00:00");

        var result = await RunAsync("counts", "report", "--namespace", "1", "--metric", "issues", "--from", "2026-06-01", "--to", "2026-06-15", "-o", "json");

        Json(result).GetProperty("complete").GetBoolean().ShouldBeFalse();
        Json(result).GetProperty("count").ValueKind.ShouldBe(JsonValueKind.Null);
        result.Error.ShouldContain("4 of 4 namespaces have no value in these days.");
    }

    [Fact]
    public async Task On_a_screen_a_report_over_months_draws_each_and_tells_the_complete_ones()
    {
        await ExecuteAsync(FixtureF);
        using var screen = new CliRunner(Database.ConnectionString) { ErrorIsScreen = true };
        (await screen.RunAsync("counts", "run")).ExitCode.ShouldBe(ExitCode.Done);

        var months = await screen.RunAsync("counts", "report", "--namespace", "1", "--metric", "issues", "--from", "2026-05-01", "--to", "2026-06-15");
        months.Error.ReplaceLineEndings("\n").ShouldContain("issues by month (█ complete, ░ incomplete):\n2026-05 0 \n2026-06 6 ██████");

        var month = await screen.RunAsync("counts", "report", "--namespace", "1", "--metric", "issues", "--from", "2026-06-01", "--to", "2026-06-15");
        month.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_report_to_share_has_every_month_with_its_completeness()
    {
        await ExecuteAsync(FixtureF);
        await RunAsync("counts", "run");

        var result = await RunAsync("counts", "report", "--namespace", "1", "--metric", "issues", "--from", "2026-05-01", "--to", "2026-06-15", "--output", "html");

        SharedFile.ShouldStandAlone(result.Out, "Issues of namespace 1");
        result.Out.ShouldContain("6 in 2026-06: every namespace is counted.");
        result.Out.ShouldContain("2026-05: not counted");
        result.Out.ShouldContain("Source: the value stream counts");
    }

    [Fact]
    public async Task A_group_can_be_disabled_enabled_and_reset()
    {
        await ExecuteAsync(FixtureF);
        await RunAsync("counts", "disable", "1");
        await RunAsync("counts", "run");
        (await CountsAsync()).Count.ShouldBe(6);
        await RunAsync("counts", "enable", "1");
        await RunAsync("counts", "run");
        (await CountsAsync()).Count.ShouldBe(27);

        (await RunAsync("counts", "reset", "1", "--month", "2026-06")).ExitCode.ShouldBe(ExitCode.Done);

        (await _tally.RunAsync("counts", "reset", "1")).ExitCode.ShouldBe(ExitCode.No);
        Json(await RunAsync("counts", "run", "-o", "json")).GetProperty("groups_completed").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task A_group_that_fails_is_a_no()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("ALTER TABLE value_stream.value_stream_dashboard_counts ADD CONSTRAINT no_issues CHECK (metric <> 2) NOT VALID");
        try
        {
            var result = await _tally.RunAsync("counts", "run");

            result.ExitCode.ShouldBe(ExitCode.No, result.Error);
            result.Error.ShouldContain("2 groups failed.");
        }
        finally
        {
            await ExecuteAsync("ALTER TABLE value_stream.value_stream_dashboard_counts DROP CONSTRAINT no_issues");
        }
    }

    [Theory]
    [InlineData("run --budget soon", "--budget is 'soon'. Use hours, minutes and seconds such as 00:03:00, up to one day.")]
    [InlineData("run --group x", "--group is 'x'. Use a whole number above 0.")]
    [InlineData("enable 0", "GROUP is '0'. Use a whole number above 0.")]
    [InlineData("reset 1 --month May", "--month is 'May'. Use a month as YYYY-MM, for example 2026-03.")]
    [InlineData("report --namespace 1 --metric users --from 2026-06-01 --to 2026-06-02", "--metric is 'users'. Use projects, issues, groups, merge_requests, pipelines or direct_members.")]
    [InlineData("report --namespace 1 --metric issues --from 2026-06-02 --to 2026-06-01", "Error: The range ends before it begins: 2026-06-02 to 2026-06-01.")]
    [InlineData("enable 77", "Error: There is no namespace 77.")]
    [InlineData("disable 77", "Error: Group 77 takes no part in value stream counts.")]
    public async Task What_does_not_fit_is_refused_in_a_sentence(string command, string error)
    {
        var result = await _tally.RunAsync(["counts", .. command.Split(' ')]);

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.Split('\n')[0].TrimEnd().ShouldBe(error);
    }

    private async Task<CliResult> RunAsync(params string[] args)
    {
        var result = await _tally.RunAsync(args);
        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        return result;
    }

    private static JsonElement Json(CliResult result) => JsonDocument.Parse(result.Out).RootElement;
}
