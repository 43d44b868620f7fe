using System.Text.Json;
using Dapper;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Rollups;

public sealed class BackfillCommandTests : IClassFixture<TestDatabase>, IDisposable
{
    private static long _lastAccount = 100;

    private readonly TestDatabase _database;
    private readonly CliRunner _tally;
    private readonly long _account = Interlocked.Increment(ref _lastAccount);

    public BackfillCommandTests(TestDatabase database)
    {
        _database = database;
        _tally = new CliRunner(database.ConnectionString, TestServers.NewStorageAccount());
    }

    public void Dispose() => _tally.Dispose();

    private string Id => $"{_account}";

    [Fact]
    public async Task The_conversation_leads_from_the_account_to_the_read_path()
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z", "2026-03-09T03:59:00Z");
        _tally.Input = $"{Id}\nn\ny\ny\n";

        var result = await _tally.RunAsync("rollups", "backfill", "--inline");

        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        foreach (var line in (string[])
            [
                "Enter Account ID:", $"Found account: Acme ({Id})", "Using account reporting timezone: America/New_York",
                "Discovered date range: 2026-03-07 to 2026-03-08 (2 days) [Account: Acme]", "Default end date (excluding today): 2026-03-08", "Dry run? (y/N):",
                "First event: 2026-03-07 09:30:00 EST", "Last event:  2026-03-08 23:59:00 EDT", "Proceed with backfill? (y/N):",
                "Backfill complete", $"Enabled report_rollup for account {Id}.",
            ])
            result.Error.ShouldContain(line);
        result.Out.ShouldContain("completed");
        (await VerifyAsync()).ExitCode.ShouldBe(ExitCode.Done);
    }

    [Fact]
    public async Task A_mistyped_year_is_refused_before_anything_is_recorded()
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z");

        var result = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--from", "0226-03-07", "--yes");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain("'from' is 0226-03-07, which is before 2000-01-01; check the year, or leave 'from' out to begin with the first event's day.");
        (await _tally.RunAsync("rollups", "progress", "--account", Id, "-o", "json")).Out.Trim().ShouldBe("[]");
    }

    [Fact]
    public async Task The_same_goes_without_questions()
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z", "2026-03-09T03:59:00Z");

        var result = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--inline", "--yes", "--enable-reads", "-o", "json");

        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        result.Error.ShouldNotContain("(y/N)");
        var summary = JsonDocument.Parse(result.Out).RootElement;
        summary.GetProperty("done").GetInt32().ShouldBe(2);
        summary.GetProperty("state").GetString().ShouldBe("completed");
        (await FindAccountAsync()).ReportRollup.ShouldBeTrue();
    }

    [Fact]
    public async Task A_dry_run_shows_the_plan_and_writes_nothing()
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z");

        var result = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--dry-run", "-o", "csv");

        result.ExitCode.ShouldBe(ExitCode.Done);
        result.Out.ShouldContain($"{Id},America/New_York,2026-03-07,2026-03-07,1,2026-03-07T14:30:00Z,2026-03-07T14:30:00Z,true");
        result.Error.ShouldContain("YES (no data will be written)");
        (await _tally.RunAsync("rollups", "progress", "-a", Id, "-o", "json")).Out.Trim().ShouldBe("[]");
        (await VerifyAsync()).ExitCode.ShouldBe(ExitCode.No);
    }

    [Theory]
    [InlineData("n\n")]
    [InlineData("")]
    public async Task Nothing_is_rebuilt_without_a_yes(string answer)
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z");
        _tally.Input = answer;

        var result = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--inline");

        result.ExitCode.ShouldBe(ExitCode.No);
        result.Error.ShouldContain("Backfill cancelled");
    }

    [Fact]
    public async Task An_account_without_events_has_nothing_to_backfill()
    {
        await GiveHistoryAsync();

        var result = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--yes");

        result.ExitCode.ShouldBe(ExitCode.Done);
        result.Error.ShouldContain($"No reporting events found for account {Id}");
        result.Error.ShouldContain("Nothing to backfill.");
    }

    [Fact]
    public async Task Today_is_no_closed_day()
    {
        await GiveHistoryAsync("2026-06-15T11:00:00Z");

        var result = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--yes");

        result.ExitCode.ShouldBe(ExitCode.Done);
        result.Error.ShouldContain("No closed days available to backfill in the default range");
    }

    [Fact]
    public async Task An_account_without_a_zone_is_an_error_that_says_how_to_set_it()
    {
        await _tally.RunAsync("account", "create", Id);

        var result = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--yes");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain($"tally account set-timezone {Id}");
    }

    [Fact]
    public async Task More_than_two_years_are_announced()
    {
        await GiveHistoryAsync([.. Enumerable.Range(0, 1163).Select(day => $"{new DateOnly(2023, 1, 1).AddDays(day):yyyy-MM-dd}T14:30:00Z")]);

        var result = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--dry-run");
        var warned = await _tally.RunAsync("rollups", "backfill", "--account", Id);

        result.Error.ShouldNotContain("WARNING");
        warned.Error.ShouldContain("WARNING: Large backfill detected (1163 days / 3.2 years)");
    }

    [Theory]
    [InlineData("--from", "2026-03-10", "--to", "2026-03-09", "--from 2026-03-10 is after --to 2026-03-09")]
    public async Task A_range_that_ends_before_it_begins_is_refused(string from, string first, string to, string last, string message)
    {
        var result = await _tally.RunAsync("rollups", "backfill", "--account", Id, from, first, to, last);

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain(message);
    }

    [Fact]
    public async Task The_read_path_is_offered_only_after_success()
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z");
        await ExecuteAsync($"ALTER TABLE reporting.reporting_events_rollups ADD CONSTRAINT no_{Id} CHECK (account_id <> {Id}) NOT VALID");
        _tally.Input = "y\ny\n";

        var failed = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--inline");

        failed.ExitCode.ShouldBe(ExitCode.Error);
        failed.Error.ShouldContain("Backfill failed after 0 of 1 day: ");
        failed.Error.ShouldNotContain("report_rollup");
        (await FindAccountAsync()).ReportRollup.ShouldBeFalse();

        await ExecuteAsync($"ALTER TABLE reporting.reporting_events_rollups DROP CONSTRAINT no_{Id}");
        (await _tally.RunAsync("rollups", "backfill", "--account", Id, "--inline")).Error.ShouldContain("(report_rollup)? Only do this after verification. (y/N):");
    }

    [Fact]
    public async Task A_failure_to_open_the_read_path_is_not_taken_for_the_backfills()
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z");
        await ExecuteAsync($"ALTER TABLE reporting.accounts ADD CONSTRAINT no_reads_{Id} CHECK (id <> {Id} OR NOT report_rollup)");

        var result = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--inline", "--yes", "--enable-reads");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Out.ShouldContain("completed");
        result.Error.ShouldContain("Backfill complete");
        result.Error.ShouldContain($"no_reads_{Id}");
        result.Error.ShouldNotContain("Backfill failed");
    }

    [Theory]
    [InlineData("y\ny\n", true)]
    [InlineData("y\nn\n", false)]
    [InlineData("y\n", false)]
    public async Task The_answer_decides_whether_reports_read_rollups(string answers, bool enabled)
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z");
        _tally.Input = answers;

        (await _tally.RunAsync("rollups", "backfill", "--account", Id, "--inline")).ExitCode.ShouldBe(ExitCode.Done);

        (await FindAccountAsync()).ReportRollup.ShouldBe(enabled);
    }

    [Fact]
    public async Task An_account_that_reads_rollups_already_is_not_asked()
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z");
        await _tally.RunAsync("rollups", "backfill", "--account", Id, "--inline", "--yes", "--enable-reads");
        _tally.Input = "y\n";

        var result = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--inline");

        result.ExitCode.ShouldBe(ExitCode.Done);
        result.Error.ShouldContain("report_rollup is already enabled for this account.");
        result.Error.ShouldNotContain("(report_rollup)?");
    }

    [Fact]
    public async Task A_request_is_left_on_the_queue_cancelled_and_resumed()
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z", "2026-03-09T03:59:00Z");

        var queued = await _tally.RunAsync("rollups", "backfill", "--account", Id, "--yes", "--no-wait", "-o", "json");
        var request = JsonDocument.Parse(queued.Out).RootElement.GetProperty("request").GetString()!;
        queued.ExitCode.ShouldBe(ExitCode.Done, queued.Error);

        (await _tally.RunAsync("rollups", "cancel", request, "-o", "csv")).Out.ShouldContain($"{request},{Id},2026-03-07,2026-03-08,cancelled,2,0,0,0");
        (await _tally.RunAsync("rollups", "resume", request, "-o", "csv")).Out.ShouldContain($"{request},{Id},2026-03-07,2026-03-08,running,2,0,0,0");
        (await _tally.RunAsync("queues", "list", "-o", "csv")).Out.ShouldContain("reporting-backfills,2,");
        (await _tally.RunAsync("rollups", "progress", "-a", Id, "-o", "csv")).Out.ShouldContain(request);
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("resume")]
    public async Task An_unknown_request_is_an_error_that_says_where_to_look(string verb)
    {
        var result = await _tally.RunAsync("rollups", verb, "0198f2a0-0000-7000-8000-00000000dead");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain("'tally rollups progress' lists them");
    }

    [Fact]
    public async Task Verify_shows_each_row_that_differs_and_answers_no()
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z");
        await _tally.RunAsync("rollups", "backfill", "--account", Id, "--inline", "--yes");
        await ExecuteAsync($"UPDATE reporting.reporting_events_rollups SET count = 7, sum_value = 0.5 WHERE account_id = {Id} AND dimension_type = 'account'");

        var result = await _tally.RunAsync("rollups", "verify", "--account", Id, "-o", "csv");

        result.ExitCode.ShouldBe(ExitCode.No);
        result.Out.ShouldContain($"{Id},2026-03-07,complete,account,{Id},first_response,1,60.5,20,7,0.5,20");
        result.Error.ShouldContain("1 day of 1 account checked, 1 differing in 1 row.");
    }

    [Fact]
    public async Task Show_writes_the_rows_of_the_days()
    {
        await GiveHistoryAsync("2026-03-07T14:30:00Z", "2026-03-09T03:59:00Z");
        await _tally.RunAsync("rollups", "backfill", "--account", Id, "--inline", "--yes");

        var result = await _tally.RunAsync("rollups", "show", "--account", Id, "--from", "2026-03-08", "--to", "2026-03-08", "-o", "csv");

        var lines = result.Out.ReplaceLineEndings("\n").Trim().Split('\n');
        lines.Length.ShouldBe(2);
        lines[1].ShouldStartWith($"2026-03-08,account,{Id},first_response,1,60.5,20,");
        (await _tally.RunAsync("rollups", "show", "--account", Id, "--from", "2025-01-01", "--to", "2025-01-01")).Error.ShouldContain("These days have no rollups.");
    }

    private async Task GiveHistoryAsync(params string[] times)
    {
        await _tally.RunAsync("account", "create", Id, "--name", "Acme");
        await ExecuteAsync($"UPDATE reporting.accounts SET reporting_timezone = 'America/New_York' WHERE id = {Id}");
        _tally.Input = string.Join('\n', times.Select(time =>
            $$"""{"id":"{{Guid.NewGuid()}}","accountId":{{Id}},"name":"first_response","value":60.5,"valueInBusinessHours":20,"createdAt":"{{time}}"}"""));
        if (times.Length > 0) (await _tally.RunAsync("events", "import", "-", "--format", "ndjson")).ExitCode.ShouldBe(ExitCode.Done);
        _tally.Input = "";
    }

    private Task<CliResult> VerifyAsync() => _tally.RunAsync("rollups", "verify", "--account", Id);

    private async Task<Account> FindAccountAsync() =>
        (await new AccountStore(_database.DataSource, ZoneRules.Default, _tally.Clock).FindAsync(_account))!;

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
