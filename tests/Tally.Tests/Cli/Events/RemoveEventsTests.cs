using System.Text.Json;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Reporting.Accounts;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Events;

/// <summary><c>events purge</c> and <c>events erase</c>.</summary>
public sealed class RemoveEventsTests(TestDatabase database) : HistoryCommandTest(database)
{
    [Fact]
    public async Task A_purge_removes_raw_events_and_keeps_totals()
    {
        await GiveHistoryAsync();
        var result = await Runner.RunAsync("events", "purge", "--account", Account, "--before", "2026-02-11", "--yes", "-o", "json");
        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        var row = JsonDocument.Parse(result.Out).RootElement;
        (row.GetProperty("days_purged").GetInt32(), row.GetProperty("events_purged").GetInt64()).ShouldBe((1, 1));
        (await CountAsync("reporting_events")).ShouldBe(1);
        var shown = await Runner.RunAsync("rollups", "show", "--account", Account, "--from", "2026-02-10", "--to", "2026-02-10", "-o", "csv");
        shown.Out.ShouldContain("first_response,1,80");
    }

    [Fact]
    public async Task A_day_that_is_not_covered_is_named_and_left()
    {
        await GiveHistoryAsync();
        await ExecuteAsync($"UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = {Account} AND date = '2026-02-10'");
        var result = await Runner.RunAsync("events", "purge", "--account", Account, "--before", "2026-02-12", "--yes");
        result.ExitCode.ShouldBe(ExitCode.No);
        result.Error.ShouldContain("1 day left, from 2026-02-10 on: not covered by rollups");
        (await CountAsync("reporting_events")).ShouldBe(1);
    }

    [Theory]
    [InlineData("purge", "--before", "2026-02-11")]
    [InlineData("erase", "--conversation", "9")]
    [InlineData("erase", "--all")]
    public async Task Nothing_is_removed_without_a_yes(params string[] command)
    {
        await GiveHistoryAsync();
        Runner.Input = "n\n";
        (await Runner.RunAsync(["events", command[0], "--account", Account, .. command[1..]])).ExitCode.ShouldBe(ExitCode.No);
        (await CountAsync("reporting_events")).ShouldBe(2);
    }

    [Fact]
    public async Task Events_are_erased_by_id_or_conversation()
    {
        var ids = await GiveHistoryAsync();
        var result = await Runner.RunAsync("events", "erase", "--account", Account, "--event", $"{ids[0]}", "--yes", "-o", "json");
        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        JsonDocument.Parse(result.Out).RootElement.GetProperty("rebuilt_days")[0].GetString().ShouldBe("2026-02-10");
        (await Runner.RunAsync("events", "erase", "--account", Account, "--conversation", "9", "--yes")).ExitCode.ShouldBe(ExitCode.Done);
        (await CountAsync("reporting_events")).ShouldBe(0);
        (await CountAsync("reporting_events_rollups")).ShouldBe(0);
        (await Runner.RunAsync("rollups", "verify", "--account", Account)).ExitCode.ShouldBe(ExitCode.Done);
    }

    [Fact]
    public async Task What_is_remembered_since_it_may_be_on_its_way_is_said()
    {
        await GiveHistoryAsync();
        var byId = await Runner.RunAsync("events", "erase", "--account", Account, "--event", $"{Guid.NewGuid()}", "--yes", "-o", "json");
        JsonDocument.Parse(byId.Out).RootElement.GetProperty("remembered_ids").GetInt32().ShouldBe(1);
        byId.Error.ShouldContain("1 id not stored: remembered, and refused when an event comes with one.");

        var byConversation = await Runner.RunAsync("events", "erase", "--account", Account, "--conversation", "77", "--yes", "-o", "json");
        JsonDocument.Parse(byConversation.Out).RootElement.GetProperty("remembered_conversations").GetInt32().ShouldBe(1);
        byConversation.Error.ShouldContain("1 conversation remembered");
    }

    [Fact]
    public async Task An_account_is_erased_whole()
    {
        await GiveHistoryAsync();
        (await Runner.RunAsync("events", "erase", "--account", Account, "--all", "--yes")).ExitCode.ShouldBe(ExitCode.Done);
        (await CountAsync("reporting_days")).ShouldBe(0);
        var again = await Runner.RunAsync("events", "erase", "--account", Account, "--all", "--yes");
        (again.ExitCode, again.Error.Contains($"Account {Account} does not exist", StringComparison.Ordinal)).ShouldBe((ExitCode.Error, true));
    }

    [Theory]
    [InlineData("--yes")]
    [InlineData("--all", "--conversation", "9", "--yes")]
    public async Task What_to_erase_has_to_be_said(params string[] options) =>
        (await Runner.RunAsync(["events", "erase", "--account", Account, .. options])).Error.ShouldContain("Say what to erase, and one thing at a time");

    private Task<Guid[]> GiveHistoryAsync() => CreateAccountAsync(("first_response", 80, "2026-02-10T17:00:00Z"), ("first_response", 80, "2026-02-11T17:00:00Z"));

    private Task<long> CountAsync(string table) => ScalarAsync<long>($"SELECT count(*) FROM reporting.{table} WHERE account_id = {Account}");
}
