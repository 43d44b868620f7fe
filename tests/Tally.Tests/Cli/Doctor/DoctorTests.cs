using System.Text.Json;
using Dapper;
using Npgsql;
using Shouldly;
using Tally.Azure;
using Tally.Cli.Shell;
using Tally.Database;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Doctor;

public sealed class DoctorTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task What_is_well_is_said_with_versions_addresses_and_the_connection_budget()
    {
        using var tally = new CliRunner(database.ConnectionString, TestServers.NewStorageAccount()) { UsesRealClock = true };

        var result = await tally.RunAsync("doctor", "-o", "json");

        result.ExitCode.ShouldBe(ExitCode.Done, result.Out);
        var findings = Findings(result);
        findings["database"].ShouldMatch("^ok: PostgreSQL .* as .*, from settings$");
        findings["schema"].ShouldStartWith("ok: up to date");
        findings["days"].ShouldStartWith("ok: 0 days to rebuild, 0 days cut with other windows than time zone data ");
        findings["clock"].ShouldStartWith("ok: ");
        findings["connections"].ShouldMatch(@"each process of Tally takes up to 20, so that \d+ more fit");
        findings["connection budget"].ShouldMatch(@"^ok: 1 processes x 20 connections \+ 20 for the command line = 40; the server has \d+$");
        findings["queues"].ShouldMatch("^ok: http.*, from settings$");
        findings.ShouldContainKey("Node.js");
        result.Out.ShouldNotContain("Password", Case.Insensitive);
    }

    [Fact]
    public async Task Each_server_that_does_not_answer_is_named_and_the_answer_is_no()
    {
        using var tally = new CliRunner("Host=127.0.0.1;Port=1;Username=tally", "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:1/a");

        var result = await tally.RunAsync("doctor", "-o", "json");

        result.ExitCode.ShouldBe(ExitCode.No);
        Findings(result)["database"].ShouldStartWith("failed: PostgreSQL does not answer");
        Findings(result)["queues"].ShouldStartWith("failed: ");
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=not base64;EndpointSuffix=core.windows.net")]
    [InlineData("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;QueueEndpoint=nowhere")]
    public async Task A_queue_setting_that_cannot_be_used_is_a_failed_check(string storage)
    {
        using var tally = new CliRunner(database.ConnectionString, storage) { UsesRealClock = true };

        var result = await tally.RunAsync("doctor", "-o", "json");

        result.ExitCode.ShouldBe(ExitCode.No, result.Error);
        Findings(result)["queues"].ShouldStartWith("failed: ");
    }

    [Theory]
    [InlineData("app role", "NOLOGIN", "may not log in")]
    [InlineData("app role", "SET default_transaction_read_only = on", "default_transaction_read_only on")]
    [InlineData("app role", null, "lacks grants on 1 table, reporting.reporting_events first")]
    public async Task What_keeps_the_app_from_its_work_is_found(string check, string? harm, string said)
    {
        var role = $"app_{Guid.NewGuid():N}";
        await new DatabaseRole(database.DataSource).GrantAsync(role, null);
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(harm is null ? $"REVOKE INSERT ON reporting.reporting_events FROM {role}" : $"ALTER ROLE {role} {harm}");
        try
        {
            using var tally = new CliRunner(database.ConnectionString, TestServers.NewStorageAccount()) { UsesRealClock = true };

            var result = await tally.RunAsync("doctor", "-o", "json");

            result.ExitCode.ShouldBe(ExitCode.No);
            Findings(result)[check].ShouldContain(said);
        }
        finally
        {
            await connection.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task A_server_that_is_read_only_is_a_failed_check_that_says_what_to_mend()
    {
        var readOnly = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = "-c default_transaction_read_only=on" };
        using var tally = new CliRunner(readOnly.ConnectionString, TestServers.NewStorageAccount()) { UsesRealClock = true };

        var result = await tally.RunAsync("doctor", "-o", "json");

        result.ExitCode.ShouldBe(ExitCode.No);
        Findings(result)["writes"].ShouldStartWith("failed: the server is read-only, so every message waits");
    }

    [Fact]
    public async Task Days_that_reports_cannot_take_from_rollups_are_a_warning_with_their_cause()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO reporting.accounts (id, reporting_timezone) VALUES (1, 'America/New_York');
            INSERT INTO reporting.reporting_days (account_id, date, day_start, day_end, state) VALUES
                (1, '2026-02-09', '2026-02-09T05:00Z', '2026-02-10T05:00Z', 'complete'),
                (1, '2026-02-10', '2026-02-10T04:00Z', '2026-02-11T04:00Z', 'complete'),
                (1, '2026-02-11', '2026-02-11T05:00Z', '2026-02-12T05:00Z', 'dirty');
            """);
        try
        {
            using var tally = new CliRunner(database.ConnectionString, TestServers.NewStorageAccount()) { UsesRealClock = true };

            var result = await tally.RunAsync("doctor", "-o", "json");

            result.ExitCode.ShouldBe(ExitCode.Done, result.Out);
            Findings(result)["days"].ShouldMatch(
                "^warning: 1 day to rebuild, 1 day cut with other windows than time zone data .* give; reports read them from raw events until then; 'tally rollups reconcile' queues them$");
        }
        finally
        {
            await connection.ExecuteAsync("DELETE FROM reporting.reporting_days; DELETE FROM reporting.accounts");
        }
    }

    [Fact]
    public async Task A_clock_that_is_wrong_is_a_warning()
    {
        // The runner's clock stands still.
        using var tally = new CliRunner(database.ConnectionString, TestServers.NewStorageAccount());

        Findings(await tally.RunAsync("doctor", "-o", "json"))["clock"].ShouldStartWith("warning: ");
    }

    [Fact]
    public async Task Poison_messages_are_a_warning()
    {
        var storage = TestServers.NewStorageAccount();
        await QueueAccount.Of(storage).GetQueue("reporting-events-poison").SendOrCreateAsync("bad", CancellationToken.None);
        using var tally = new CliRunner(database.ConnectionString, storage) { UsesRealClock = true };

        var result = await tally.RunAsync("doctor", "-o", "json");

        result.ExitCode.ShouldBe(ExitCode.Done);
        Findings(result)["poison messages"].ShouldBe("warning: 1 in reporting-events-poison; 'tally queues peek reporting-events-poison' shows them");
    }

    [Fact]
    public async Task Without_servers_none_is_started()
    {
        using var tally = new CliRunner();

        var result = await tally.RunAsync("doctor", "-o", "json");

        result.ExitCode.ShouldBe(ExitCode.Done);
        Findings(result)["database"].ShouldStartWith("ok: not configured");
        Directory.Exists(Path.Combine(tally.Checkout, ".local")).ShouldBeFalse();
    }

    private static Dictionary<string, string> Findings(CliResult result) => JsonDocument.Parse(result.Out).RootElement.EnumerateArray().ToDictionary(
        finding => finding.GetProperty("check").GetString()!,
        finding => $"{finding.GetProperty("status").GetString()}: {finding.GetProperty("detail").GetString()}");
}
