using System.Diagnostics;
using LocalServices;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalServices;

public sealed class KeeperTests : IAsyncLifetime, IDisposable
{
    private const int SIGHUP = 1, SIGINT = 2;
    private readonly ServersFolder _folder = new();
    private NodeRuntime _node = null!;

    public async Task InitializeAsync() => _node = await NodeRuntime.FindAsync(null, Environment.GetEnvironmentVariable("PATH"), default);

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_end_of_a_command_is_told_with_its_code()
    {
        await using var keeper = Keeper.Start(_node, []);

        var command = await keeper.RunAsync(Node("console.log('seen'); process.exitCode = 7"), default);

        (await command.Ended).Code.ShouldBe(7);
        command.Failure().Message.ShouldContain("exit code 7");
        command.Failure().Message.ShouldContain("seen");
    }

    [Fact]
    public async Task A_command_that_cannot_be_started_is_an_error()
    {
        await using var keeper = Keeper.Start(_node, []);

        var failure = await Should.ThrowAsync<LocalServersException>(keeper.RunAsync(Node("") with { Command = "/nowhere/server" }, default));

        failure.Message.ShouldContain("/nowhere/server");
    }

    [Fact]
    public async Task A_command_whose_log_cannot_be_written_is_an_error()
    {
        await using var keeper = Keeper.Start(_node, []);

        var failure = await Should.ThrowAsync<LocalServersException>(keeper.RunAsync(Node("") with { Log = _folder.In("no/such/folder") }, default));

        failure.Message.ShouldContain("no/such/folder");
    }

    [Fact]
    public async Task What_is_to_be_removed_is_removed_after_the_servers_have_ended()
    {
        var keeper = Keeper.Start(_node, [_folder.Path]);
        var server = await keeper.RunAsync(Node("setInterval(() => {}, 1000)") with { Stop = [new StopStep(Signal: "SIGTERM")] }, default);

        await keeper.DisposeAsync();

        server.Ended.IsCompleted.ShouldBeTrue();
        Directory.Exists(_folder.Path).ShouldBeFalse();
    }

    [UnixFact]
    public async Task Signals_of_the_terminal_leave_the_decision_to_the_parent()
    {
        await using var keeper = Keeper.Start(_node, []);
        // An answer shows that it has come as far as to handle signals.
        var server = await keeper.RunAsync(Node("setInterval(() => {}, 1000)") with { Stop = [new StopStep(Signal: "SIGTERM")] }, default);

        NativeMethods.Kill(keeper.ProcessId, SIGINT).ShouldBe(0);
        NativeMethods.Kill(keeper.ProcessId, SIGHUP).ShouldBe(0);

        var next = await keeper.RunAsync(Node("process.exitCode = 0"), default);
        (await next.Ended).Code.ShouldBe(0);
        server.Ended.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Servers_end_when_their_keeper_is_told_to()
    {
        var keeper = Keeper.Start(_node, []);
        var server = await keeper.RunAsync(Node("setInterval(() => {}, 1000)") with { Stop = [new StopStep(Signal: "SIGTERM")] }, default);
        using var process = Process.GetProcessById(await server.Started);

        await keeper.DisposeAsync();

        (await server.Ended).Signal.ShouldBe("SIGTERM");
        await process.WaitForExitAsync();
    }

    private KeptCommand Node(string script) => new("Test server", _node.Executable, ["-e", script], _folder.Path, _folder.In("server.log"));
}
