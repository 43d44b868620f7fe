using System.Text.Json;
using Dapper;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Events;

/// <summary><c>events purge</c> and <c>events erase</c>.</summary>
public sealed class RemoveEventsTests : IClassFixture<TestDatabase>, IDisposable
{
    private static long _lastAccount = 700;

    private readonly TestDatabase _database;
    private readonly CliRunner _tally;
    private readonly string _account = $"{Interlocked.Increment(ref _lastAccount)}";

    public RemoveEventsTests(TestDatabase database)
    {
        _database = database;
        _tally = new CliRunner(database.ConnectionString);
    }

    public void Dispose() => _tally.Dispose();

    [Fact]
    public async Task A_purge_removes_raw_events_and_keeps_totals()
    {
        await GiveHistoryAsync();
        var result = await _tally.RunAsync("events", "purge", "--account", _account, "--before", "2026-02-11", "--yes", "-o", "json");
        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        var row = JsonDocument.Parse(result.Out).RootElement;
        (row.GetProperty("days_purged").GetInt32(), row.GetProperty("events_purged").GetInt64()).ShouldBe((1, 1));
        (await CountAsync("reporting_events")).ShouldBe(1);
        var shown = await _tally.RunAsync("rollups", "show", "--account", _account, "--from", "2026-02-10", "--to", "2026-02-10", "-o", "csv");
        shown.Out.ShouldContain("first_response,1,80");
    }

    [Fact]
    public async Task A_day_that_is_not_covered_is_named_and_left()
    {
        await GiveHistoryAsync();
        await ExecuteAsync($"UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = {_account} AND date = '2026-02-10'");
        var result = await _tally.RunAsync("events", "purge", "--account", _account, "--before", "2026-02-12", "--yes");
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
        _tally.Input = "n\n";
        (await _tally.RunAsync(["events", command[0], "--account", _account, .. command[1..]])).ExitCode.ShouldBe(ExitCode.No);
        (await CountAsync("reporting_events")).ShouldBe(2);
    }

    [Fact]
    public async Task Events_are_erased_by_id_or_conversation()
    {
        var ids = await GiveHistoryAsync();
        var result = await _tally.RunAsync("events", "erase", "--account", _account, "--event", $"{ids[0]}", "--yes", "-o", "json");
        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        JsonDocument.Parse(result.Out).RootElement.GetProperty("rebuilt_days")[0].GetString().ShouldBe("2026-02-10");
        (await _tally.RunAsync("events", "erase", "--account", _account, "--conversation", "9", "--yes")).ExitCode.ShouldBe(ExitCode.Done);
        (await CountAsync("reporting_events")).ShouldBe(0);
        (await CountAsync("reporting_events_rollups")).ShouldBe(0);
        (await _tally.RunAsync("rollups", "verify", "--account", _account)).ExitCode.ShouldBe(ExitCode.Done);
    }

    [Fact]
    public async Task An_account_is_erased_whole()
    {
        await GiveHistoryAsync();
        (await _tally.RunAsync("events", "erase", "--account", _account, "--all", "--yes")).ExitCode.ShouldBe(ExitCode.Done);
        (await CountAsync("reporting_days")).ShouldBe(0);
        var again = await _tally.RunAsync("events", "erase", "--account", _account, "--all", "--yes");
        (again.ExitCode, again.Error.Contains($"Account {_account} does not exist", StringComparison.Ordinal)).ShouldBe((ExitCode.Error, true));
    }

    [Theory]
    [InlineData("--yes")]
    [InlineData("--all", "--conversation", "9", "--yes")]
    public async Task What_to_erase_has_to_be_said(params string[] options) =>
        (await _tally.RunAsync(["events", "erase", "--account", _account, .. options])).Error.ShouldContain("Say what to erase, and one thing at a time");

    private async Task<Guid[]> GiveHistoryAsync()
    {
        (await _tally.RunAsync("account", "create", _account)).ExitCode.ShouldBe(ExitCode.Done);
        await ExecuteAsync($"UPDATE reporting.accounts SET reporting_timezone = 'America/New_York', timezone_set_at = '2020-01-01Z' WHERE id = {_account}");
        Guid[] ids = [Guid.NewGuid(), Guid.NewGuid()];
        var file = _tally.WriteFile("history.ndjson", string.Join('\n', ids.Select((id, day) =>
            $$"""{"id":"{{id}}","accountId":{{_account}},"name":"first_response","value":80,"userId":7,"conversationId":9,"createdAt":"2026-02-1{{day}}T17:00:00Z"}""")));
        (await _tally.RunAsync("events", "import", file)).ExitCode.ShouldBe(ExitCode.Done);
        (await _tally.RunAsync("rollups", "backfill", "--account", _account, "--inline", "--yes")).ExitCode.ShouldBe(ExitCode.Done);
        return ids;
    }

    private async Task<long> CountAsync(string table)
    {
        await using var connection = await _database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>($"SELECT count(*) FROM reporting.{table} WHERE account_id = {_account}");
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
