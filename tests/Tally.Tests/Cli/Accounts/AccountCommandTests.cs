using Shouldly;
using Tally.Azure;
using Tally.Cli.Shell;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Cli.Accounts;

public sealed class AccountCommandTests : IClassFixture<TestDatabase>, IDisposable
{
    private readonly CliRunner _tally;
    private readonly string _storage = TestServers.NewStorageAccount();

    public AccountCommandTests(TestDatabase database) => _tally = new CliRunner(database.ConnectionString, _storage);

    public void Dispose() => _tally.Dispose();

    [Fact]
    public async Task An_account_is_created_once_shown_and_listed()
    {
        var created = await _tally.RunAsync("account", "create", "41", "--name", "Acme, Inc", "-o", "csv");
        created.Out.ShouldContain("41,\"Acme, Inc\",,,false,2026-06-15T12:00:00Z");
        created.Error.ShouldContain("tally account set-timezone 41");

        (await _tally.RunAsync("account", "show", "41")).Out.ShouldContain("Acme, Inc");
        (await _tally.RunAsync("account", "list", "-o", "csv")).Out.ShouldContain("41,\"Acme, Inc\"");

        var again = await _tally.RunAsync("account", "create", "41");
        again.ExitCode.ShouldBe(ExitCode.Error);
        again.Error.Trim().ShouldBe("Error: Account 41 exists already.");
    }

    [Fact]
    public async Task An_unknown_account_is_an_error_that_says_how_to_make_it()
    {
        var result = await _tally.RunAsync("account", "show", "404");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain("Account 404 does not exist. Create it with 'tally account create 404'.");
    }

    [Fact]
    public async Task A_zone_that_does_not_exist_is_refused_with_ids_that_are_close()
    {
        await _tally.RunAsync("account", "create", "42");

        var result = await _tally.RunAsync("account", "set-timezone", "42", "America/New_Yrok", "--yes");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain("'America/New_York'");
    }

    [Fact]
    public async Task What_was_recorded_while_the_queue_was_down_is_said_and_repeating_the_command_puts_it_there()
    {
        await _tally.RunAsync("account", "create", "60");
        await _tally.RunAsync("events", "import", _tally.WriteFile("one.ndjson", """{"id":7,"account_id":60,"name":"first_response","value":1,"created_at":"2026-03-08 14:30:00"}"""));
        string[][] commands =
        [
            ["account", "set-timezone", "60", "Europe/Paris", "--yes"],
            ["rollups", "backfill", "--account", "60", "--yes", "--no-wait"],
        ];
        foreach (var command in commands)
        {
            _tally["AzureWebJobsStorage"] = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:1/a";
            var failed = await _tally.RunAsync(command);
            (failed.ExitCode, failed.Error.Contains("is on record, and its message is not on the queue", StringComparison.Ordinal)).ShouldBe((ExitCode.Error, true), failed.Error);

            _tally["AzureWebJobsStorage"] = _storage;
            (await _tally.RunAsync(command)).ExitCode.ShouldBe(ExitCode.Done);
            var queue = QueueAccount.Of(_storage).GetQueue(QueueNames.ReportingBackfills);
            TextMessages.As<BackfillMessage>((await queue.ReceiveMessageAsync()).Value.Body.ToString()).AccountId.ShouldBe(60);
        }
    }

    [Fact]
    public async Task A_zone_given_under_an_alias_is_stored_under_its_canonical_id()
    {
        await _tally.RunAsync("account", "create", "43");
        _tally.Clock.AdvanceHours(1);

        (await _tally.RunAsync("account", "set-timezone", "43", "Asia/Calcutta", "--yes", "-o", "csv")).Out.ShouldContain("43,,Asia/Kolkata,2026-06-15T13:00:00Z");
        (await _tally.RunAsync("account", "set-timezone", "43", "Asia/Kolkata", "--yes")).Error.ShouldContain("had this zone already");
    }

    [Theory]
    [InlineData("n\n")]
    [InlineData("")]
    public async Task A_zone_is_not_set_without_a_yes(string answer)
    {
        await _tally.RunAsync("account", "create", "44");
        _tally.Input = answer;

        var result = await _tally.RunAsync("account", "set-timezone", "44", "Asia/Tokyo");

        result.ExitCode.ShouldBe(ExitCode.No);
        result.Error.ShouldContain("Update account 44 reporting_timezone to 'Asia/Tokyo'? (y/N)");
        (await _tally.RunAsync("account", "show", "44", "-o", "csv")).Out.ShouldContain("44,,,,false");
    }

    [Fact]
    public async Task A_zone_is_picked_by_its_offset_and_the_way_back_leads_to_the_offset()
    {
        await _tally.RunAsync("account", "create", "45", "--name", "Peak");
        _tally.Input = "45\n-8\n0\n+5:45\n1\ny\n";

        var result = await _tally.RunAsync("account", "set-timezone");

        result.ExitCode.ShouldBe(ExitCode.Done);
        result.Error.ShouldContain("Current reporting_timezone of account 45 Peak: (not set)");
        result.Error.ShouldContain("America/Los_Angeles (now 05:00)");
        result.Error.ShouldContain("0. Re-enter UTC offset");
        result.Error.ShouldContain("1. Asia/Kathmandu (now 17:45)");
        result.Out.ShouldContain("Asia/Kathmandu");
    }

    [Theory]
    [InlineData("", "An account ID is required")]
    [InlineData("x\n", "'x' is no account id")]
    [InlineData("404\n", "Account 404 does not exist")]
    [InlineData("46\n\n", "A UTC offset is required")]
    [InlineData("46\n5.5\n", "No timezones found for offset '5.5'")]
    [InlineData("46\n+5:45\n9\n", "Invalid selection: 9 is not from 1 to 1")]
    [InlineData("46\n+5:45\n", "No timezone was selected")]
    public async Task An_answer_that_leads_nowhere_ends_the_picker_with_a_message(string answers, string message)
    {
        await _tally.RunAsync("account", "create", "46");
        _tally.Input = answers;

        var result = await _tally.RunAsync("account", "set-timezone");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain(message);
    }

    [Fact]
    public async Task A_new_zone_puts_the_rebuild_of_the_history_on_the_queue()
    {
        await _tally.RunAsync("account", "create", "47");
        var events = _tally.WriteFile("history.ndjson", """
            {"id":"0198f2a0-0000-7000-8000-000000000047","accountId":47,"name":"first_response","value":60,"createdAt":"2026-03-08T04:30:00Z"}
            """);
        await _tally.RunAsync("events", "import", events);

        var result = await _tally.RunAsync("account", "set-timezone", "47", "America/New_York", "--yes");

        result.Error.ShouldContain("Days 2026-03-07 to 2026-03-07 are rebuilt in the new zone");
        var queue = QueueAccount.Of(_storage).GetQueue(QueueNames.ReportingBackfills);
        var message = TextMessages.As<BackfillMessage>((await queue.PeekMessageAsync()).Value.Body.ToString());
        message.AccountId.ShouldBe(47);
        message.From.ShouldBe(new DateOnly(2026, 3, 7));
    }
}
