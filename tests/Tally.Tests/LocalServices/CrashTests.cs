using System.Diagnostics;
using LocalServices;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalServices;

/// <summary>What is left when processes are killed, and how the next start deals with it.</summary>
public sealed class CrashTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly ServersFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_killed_parent_leaves_no_server()
    {
        using var parent = await StartParentAsync();
        var servers = new[] { _folder.Postgres, _folder.Azurite }.Select(folder => Process.GetProcessById(ServersFolder.ProcessOf(folder).ProcessId)).ToList();

        parent.Kill();

        foreach (var server in servers) await server.WaitForExitAsync().WaitAsync(Limit);
        LogTail.ReadAll(Path.Combine(_folder.Postgres, "postgres.log")).ShouldContain("database system is shut down");
    }

    [Fact]
    public async Task A_start_right_after_a_kill_takes_over()
    {
        using (var parent = await StartParentAsync())
        {
            parent.Kill();
            await parent.WaitForExitAsync();
        }

        await using var servers = await LocalServers.StartAsync(_folder.Options);

        (await LocalServersTests.ExecuteAsync(servers, "SELECT 1")).ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Servers_without_a_keeper_are_stopped_by_the_next_start(bool postgresKilledToo)
    {
        ProcessIdentity postgres, azurite;
        await using (var servers = await LocalServers.StartAsync(_folder.Options))
        {
            await LocalServersTests.ExecuteAsync(servers, "CREATE TABLE kept AS SELECT 1 AS value");
            (postgres, azurite) = (ServersFolder.ProcessOf(_folder.Postgres), ServersFolder.ProcessOf(_folder.Azurite));
            await KillAsync(servers.KeeperProcessId!.Value);
            if (postgresKilledToo) await KillAsync(postgres.ProcessId);
        }

        azurite.IsAlive.ShouldBeTrue();
        File.Exists(Path.Combine(_folder.Postgres, "data", "postmaster.pid")).ShouldBeTrue();

        await using var again = await LocalServers.StartAsync(_folder.Options);

        postgres.IsAlive.ShouldBeFalse();
        azurite.IsAlive.ShouldBeFalse();
        (await LocalServersTests.ExecuteAsync(again, "SELECT value FROM kept")).ShouldBe(1);
    }

    [Fact]
    public async Task What_killed_ephemeral_servers_left_is_removed_by_the_next_start()
    {
        var ephemeral = _folder.Options with { Ephemeral = true, Postgres = false };
        // As a killed process leaves it: nobody holds the lock.
        var abandoned = _folder.In("ephemeral-00000000");
        Directory.CreateDirectory(Path.Combine(abandoned, "postgres", "data"));
        File.WriteAllText(abandoned + ".lock", "");

        await using var servers = await LocalServers.StartAsync(ephemeral);

        Directory.Exists(abandoned).ShouldBeFalse();
        File.Exists(abandoned + ".lock").ShouldBeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_pid_file_goes_when_its_process_has_ended(bool ended)
    {
        var home = new PostgresHome("", _folder.In("postgres"), null);
        Directory.CreateDirectory(home.Data);
        var pidFile = Path.Combine(home.Data, "postmaster.pid");
        File.WriteAllText(pidFile, $"{Environment.ProcessId}\n{home.Data}\n");
        // The same id, but not this process: the id has been given again.
        var last = ended ? new ProcessIdentity(Environment.ProcessId, "earlier") : null;

        PostgresCluster.RemoveStalePidFile(home, last);

        File.Exists(pidFile).ShouldBe(!ended);
    }

    private async Task<Process> StartParentAsync()
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var program = Path.Combine(AppContext.BaseDirectory, "LocalServices.Holder.dll");
        var parent = Process.Start(new ProcessStartInfo(dotnet, [program, _folder.Path]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        (await parent.StandardOutput.ReadLineAsync().WaitAsync(Limit)).ShouldBe("ready");
        return parent;
    }

    private static async Task KillAsync(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
        await process.WaitForExitAsync().WaitAsync(Limit);
    }
}
