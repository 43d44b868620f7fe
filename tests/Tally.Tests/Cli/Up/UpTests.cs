using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using LocalServices;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Up;

public sealed class UpTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task While_up_runs_other_commands_use_its_servers_and_its_function_app()
    {
        using var up = new CliRunner(database.ConnectionString, TestServers.NewStorageAccount()) { UsesRealClock = true };
        using var other = new CliRunner(checkout: up.Checkout) { UsesRealClock = true };
        using var stop = new CancellationTokenSource();
        await using var output = new ObservedWriter();
        await using var error = new ObservedWriter();
        var running = up.StartAsync(output, error, stop.Token, "up", "--port", $"{FreePort()}", "-o", "json");
        (await Task.WhenAny(running, error.WaitForAsync("Connection strings")).WaitAsync(Limit)).ShouldNotBe(running, error.ToString());

        await other.RunAsync("account", "create", "71");
        await other.RunAsync("account", "set-timezone", "71", "America/New_York", "--yes");
        other.Input = """{"id":"0198f2a0-0000-7000-8000-000000000071","accountId":71,"name":"first_response","value":60,"createdAt":"2026-03-08T14:30:00Z"}""";
        await other.RunAsync("events", "import", "-", "--format", "ndjson");
        var backfill = await other.RunAsync("rollups", "backfill", "--account", "71", "--yes", "-o", "json");
        var second = await other.RunAsync("up");

        backfill.ExitCode.ShouldBe(ExitCode.Done, backfill.Error);
        JsonDocument.Parse(backfill.Out).RootElement.GetProperty("done").GetInt32().ShouldBe(1);
        (await other.RunAsync("rollups", "verify", "--account", "71")).ExitCode.ShouldBe(ExitCode.Done);
        (await other.RunAsync("doctor", "-o", "csv")).Out.ShouldContain("function app,ok,");
        second.ExitCode.ShouldBe(ExitCode.Error);
        second.Error.ShouldContain("'tally up' is running already");

        await stop.CancelAsync();
        (await running.WaitAsync(Limit)).ShouldBe((int)ExitCode.Done);
        error.ToString().ShouldContain("Executed 'RebuildRollupDay' (Succeeded");
        error.ToString().ShouldContain("Application is shutting down");
        output.ToString().ShouldNotContain("Password", Case.Insensitive);
        RunningServers.TryRead(Path.Combine(up.Checkout, ".local")).ShouldBeNull();
    }

    [Fact]
    public async Task A_function_app_that_cannot_start_ends_up_with_its_reason()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var up = new CliRunner(database.ConnectionString, TestServers.NewStorageAccount());

        var result = await up.RunAsync("up", "--port", $"{((IPEndPoint)taken.LocalEndpoint).Port}").WaitAsync(Limit);

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain("is taken");
        result.Error.ShouldContain("The function app ended with exit code 1");
    }

    [Fact]
    public async Task With_nothing_configured_a_command_runs_local_servers_of_its_own_and_keeps_their_data()
    {
        using var tally = new CliRunner { UsesRealClock = true };

        var created = await tally.RunAsync("account", "create", "72");
        var listed = await tally.RunAsync("account", "list", "-o", "csv");

        created.ExitCode.ShouldBe(ExitCode.Done, created.Error);
        created.Error.ShouldContain("local ones run for this command");
        listed.Out.ShouldContain("72,");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
