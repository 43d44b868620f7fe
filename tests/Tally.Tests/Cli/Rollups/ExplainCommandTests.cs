using System.Text.Json;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Rollups;

public sealed class ExplainCommandTests(TestDatabase database) : HistoryCommandTest(database)
{
    [Fact]
    public async Task A_day_is_explained_by_its_window_its_events_and_its_rollups()
    {
        await CreateAccountAsync(("first_response", 80, "2026-02-10T17:00:00Z"), ("first_response", 20, "2026-02-10T18:00:00Z"));

        var result = await ExplainAsync("json");

        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        Row(result).ShouldBe("date=2026-02-10 metric=first_response base=0 raw=2 rollup=2 base_sum=0 raw_sum=100 rollup_sum=100 agrees=True");
        result.Error.ShouldContain("2026-02-10 is 2026-02-10T05:00:00Z to 2026-02-11T05:00:00Z in America/New_York, by time zone data ");
        result.Error.ShouldContain("Its rollups are complete, covered.");
        result.Error.ShouldContain("2 raw events stored.");
        (await ExplainAsync("table")).Out.ShouldContain("first_response");
    }

    [Fact]
    public async Task What_was_purged_shows_as_the_days_base()
    {
        await CreateAccountAsync(("first_response", 80, "2026-02-10T17:00:00Z"));
        (await Runner.RunAsync("events", "purge", "--account", Account, "--before", "2026-02-11", "--yes")).ExitCode.ShouldBe(ExitCode.Done);

        Row(await ExplainAsync("json")).ShouldBe("date=2026-02-10 metric=first_response base=1 raw=0 rollup=1 base_sum=80 raw_sum=0 rollup_sum=80 agrees=True");
    }

    [Fact]
    public async Task A_day_that_does_not_agree_is_answered_no_with_the_command_that_mends_it()
    {
        await CreateAccountAsync(("first_response", 80, "2026-02-10T17:00:00Z"));
        await ExecuteAsync($"UPDATE reporting.reporting_events_rollups SET count = 5 WHERE account_id = {Account} AND dimension_type = 'account'");

        var result = await ExplainAsync("json");

        result.ExitCode.ShouldBe(ExitCode.No);
        Row(result).ShouldEndWith("rollup=5 base_sum=0 raw_sum=80 rollup_sum=80 agrees=False");
        result.Error.ShouldContain($"1 row not base plus raw events: 'tally rollups backfill --account {Account} --from 2026-02-10 --to 2026-02-10' rebuilds the day.");
    }

    [Fact]
    public async Task A_day_without_events_needs_no_rollups()
    {
        await CreateAccountAsync(("first_response", 80, "2026-02-11T17:00:00Z"));

        var result = await ExplainAsync("json");

        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        result.Error.ShouldContain("0 raw events stored.");
    }

    private Task<CliResult> ExplainAsync(string format) => Runner.RunAsync("rollups", "explain", "--account", Account, "--date", "2026-02-10", "-o", format);

    private static string Row(CliResult result) => string.Join(' ', JsonDocument.Parse(result.Out).RootElement.EnumerateArray()
        .Single(row => row.GetProperty("metric").GetString() == "first_response").EnumerateObject().Select(property => $"{property.Name}={property.Value}"));
}
