using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Azure.Storage.Blobs;
using Shouldly;
using Tally.Tests.EndToEnd;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalServices;
using Xunit;

namespace Tally.Tests.LocalHost;

/// <summary>Hosts that stop, are killed, and run side by side.</summary>
[Collection(TestApp.OneAtATime)]
public sealed class HostLifeTests
{
    private readonly TestApp _app = new();

    [UnixTheory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task A_host_told_to_stop_lets_functions_end_and_leaves_nothing_behind(string signal)
    {
        await using var host = await _app.StartedAsync();
        var worker = host.Workers[^1];
        await _app.SendAsync("slow-in", "pause");
        await host.LoggedAsync("Slow pause, try 1");

        host.Signal(signal);

        (await host.EndedAsync()).ShouldBe(0);
        host.Log.ShouldContain(line => line.Contains("Slow pause done", StringComparison.Ordinal));
        (await _app.CountAsync("slow-in")).ShouldBe(0);
        IsAlive(worker).ShouldBeFalse();
    }

    [Fact]
    public async Task A_function_that_does_not_end_is_cancelled_at_the_stop_and_its_message_stays()
    {
        await using (var host = await _app.StartedAsync())
        {
            await _app.SendAsync("slow-in", "wait");
            await host.LoggedAsync("Slow wait, try 1");
            (await host.StopAsync()).ShouldBe(0);
            (await _app.CountAsync("slow-in")).ShouldBe(1);
        }

        await using var next = await _app.StartedAsync();
        await next.LoggedAsync("Slow wait done");
    }

    [Fact]
    public async Task A_killed_host_takes_its_worker_along_and_its_messages_come_back()
    {
        await using (var host = await _app.StartedAsync(("LocalHost:InvisibilityTimeout", "00:00:02")))
        {
            var worker = host.Workers[^1];
            await _app.SendAsync("slow-in", "wait");
            await host.LoggedAsync("Slow wait, try 1");
            await host.KillAsync();
            await Eventually.HoldsAsync(() => !IsAlive(worker), "the worker has ended");
        }

        await using var next = await _app.StartedAsync();
        await next.LoggedAsync("Slow wait done");
    }

    [Fact]
    public async Task Of_two_hosts_one_fires_the_timer()
    {
        await using var first = await _app.StartedAsync(("TickSchedule", "* * * * * *"));
        await using var second = await _app.StartedAsync(("TickSchedule", "* * * * * *"));

        await first.LoggedAsync("Tick, past due", times: Ticks(first) + 3);

        Ticks(second).ShouldBe(0);
        await second.StopAsync();
    }

    [Fact]
    public async Task The_timer_of_a_host_that_dies_fires_on_the_other_one()
    {
        (string, string?)[] settings = [("TickSchedule", "* * * * * *"), .. TestApp.ShortLocks];
        await using var first = await _app.StartedAsync(settings);
        await using var second = await _app.StartedAsync(settings);
        await first.LoggedAsync("Tick, past due");
        Ticks(second).ShouldBe(0);

        await first.KillAsync();

        await second.LoggedAsync("Tick, past due", times: 2);
    }

    [Fact]
    public async Task A_tick_missed_while_no_host_ran_is_made_up_for_once()
    {
        var container = new BlobServiceClient(_app.HostStorage).GetBlobContainerClient("azure-webjobs-hosts");
        await container.CreateIfNotExistsAsync();
        await container.GetBlobClient("timers/local/Host.Functions.Tick/status").UploadAsync(
            BinaryData.FromString("""{"Last":"2025-01-01T00:00:00Z","Next":"2026-01-01T00:00:00Z","LastUpdated":"2025-01-01T00:00:00Z"}"""));

        await using (var host = await _app.StartedAsync())
        {
            await host.LoggedAsync("Tick, past due: True");
            await host.StopAsync();
        }

        await using var again = await _app.StartedAsync();
        await _app.SendAsync("slow-in", "anything");
        await again.LoggedAsync("Slow anything done");
        Ticks(again).ShouldBe(0);
    }

    [Fact]
    public async Task A_schedule_without_its_setting_ends_the_host_with_its_name()
    {
        await using var host = _app.Start(("TickSchedule", null));

        (await host.EndedAsync()).ShouldBe(1);

        host.LastOutput.ShouldContain("Error: Function Tick has no trigger to listen for: '%TickSchedule%' does not resolve to a value.");
    }

    [Theory]
    [InlineData("AzureWebJobs.Slow.Disabled")]
    [InlineData("AzureWebJobs:Slow:Disabled")]
    public async Task A_disabled_function_leaves_its_messages_alone(string setting)
    {
        await using var host = await _app.StartedAsync((setting, "true"));
        await _app.SendAsync("slow-in", "waiting");

        await _app.SendAsync("text-in", "taken");
        await _app.TextsAsync("text-out", 1);
        await host.StopAsync();

        (await _app.CountAsync("slow-in")).ShouldBe(1);
        host.Log.ShouldNotContain(line => line.Contains("Slow waiting", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("LocalHost:AdminPort", "70000")]
    [InlineData("LocalHost:AdminPort", "none")]
    [InlineData("LocalHost:HostId", "Two Words")]
    [InlineData("LocalHost:InvisibilityTimeout", "00:00:00")]
    [InlineData("AzureFunctionsJobHost:functionTimeout", "soon")]
    [InlineData("AzureWebJobsStorage", null)]
    public async Task A_setting_that_cannot_be_used_ends_the_host_with_its_name(string name, string? value)
    {
        await using var host = _app.Start((name, value));

        (await host.EndedAsync()).ShouldBe(1);

        var line = host.Log.ShouldHaveSingleItem();
        line.ShouldStartWith("Error: ");
        line.ShouldContain(name);
    }

    [Fact]
    public async Task A_port_that_is_taken_ends_the_host_with_what_to_set()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        await using var host = _app.Start(("LocalHost:AdminPort", port));

        (await host.EndedAsync()).ShouldBe(1);

        host.LastOutput.ShouldContain($"Error: Port {port} of 127.0.0.1 is taken");
        host.LastOutput.ShouldContain("LocalHost__AdminPort");
    }

    private static int Ticks(FunctionApp host) => host.Log.Count(line => line.Contains("Tick, past due", StringComparison.Ordinal));

    private static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
