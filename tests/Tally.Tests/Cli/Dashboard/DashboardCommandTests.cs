using System.Text.Json;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Dashboard;

public sealed class DashboardCommandTests(TestDatabase database) : HistoryCommandTest(database)
{
    private readonly TestDatabase _database = database;

    [Fact]
    public async Task It_says_its_address_answers_there_and_ends_when_it_is_told()
    {
        using var runner = new CliRunner(_database.ConnectionString, TestServers.NewStorageAccount());
        using var stop = new CancellationTokenSource();
        using var output = new StringWriter();
        var error = new ObservedWriter();
        var running = runner.StartAsync(output, error, stop.Token, "dashboard", "--no-open", "--output", "json");
        await Eventually.HoldsAsync(() => running.IsCompleted || error.ToString().Contains("Ctrl-C", StringComparison.Ordinal), "the dashboard is up");
        running.IsCompleted.ShouldBeFalse(error.ToString());

        var address = JsonDocument.Parse(output.ToString()).RootElement.GetProperty("address").GetString()!;
        using (var client = new HttpClient())
        {
            (await client.GetStringAsync(new Uri(address))).ShouldContain("reporting-backfill-days");
        }

        await stop.CancelAsync();
        (await Eventually.ComesAsync(running, "the end")).ShouldBe((int)ExitCode.Done);
    }

    [Theory]
    [InlineData("report --metric avg_first_response_time", "First response time of account")]
    [InlineData("report --metric resolutions_count --group-by month", "Resolutions of account")]
    [InlineData("summary --dimension agent", "Agents of account")]
    public async Task A_report_to_share_is_one_file_with_its_sources_and_the_time_it_was_made(string command, string title)
    {
        await CreateAccountAsync(("first_response", 90, "2026-02-10T15:00:00Z"), ("conversation_resolved", 300, "2026-02-10T16:00:00Z"));

        var result = await Runner.RunAsync(["rollups", .. command.Split(' '), "--account", Account, "--from", "2026-02-09", "--to", "2026-02-11", "--output", "html"]);

        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        SharedFile.ShouldStandAlone(result.Out, $"{title} {Account}");
        result.Out.ShouldContain("Sources");
    }

    [Fact]
    public async Task A_command_that_draws_no_page_says_which_do_and_does_nothing()
    {
        var result = await Runner.RunAsync("account", "create", Account, "--output", "html");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain("'rollups report'");
        (await Runner.RunAsync("account", "show", Account)).ExitCode.ShouldNotBe(ExitCode.Done);
    }
}
