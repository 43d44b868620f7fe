using System.Runtime.Versioning;
using LocalServices;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalServices;

public sealed class RunningServersTests : IDisposable
{
    private readonly ServersFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_offer_can_be_read_until_it_is_withdrawn()
    {
        using (RunningServers.Publish(_folder.Path, Offer(Environment.ProcessId)))
        {
            var read = RunningServers.TryRead(_folder.Path).ShouldNotBeNull();
            read.PostgresConnectionString.ShouldBe("Host=here");
            read.StorageConnectionString.ShouldBe("AccountName=here");
            read.AdminUrl.ShouldBe("http://127.0.0.1:7071");
            read.ProcessId.ShouldBe(Environment.ProcessId);
        }

        RunningServers.TryRead(_folder.Path).ShouldBeNull();
        Directory.EnumerateFiles(_folder.Path).ShouldBeEmpty();
    }

    [UnixFact, UnsupportedOSPlatform("windows")]
    public void An_offer_is_for_its_owner_to_read()
    {
        using var offer = RunningServers.Publish(_folder.Path, Offer(Environment.ProcessId));

        File.GetUnixFileMode(Directory.EnumerateFiles(_folder.Path).Single()).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Theory]
    [InlineData(int.MaxValue, "earlier")]
    [InlineData(null, "earlier")]
    public void An_offer_whose_process_has_ended_is_removed(int? processId, string started)
    {
        // The second is this process's id, given again.
        RunningServers.Publish(_folder.Path, Offer(processId ?? Environment.ProcessId, started));

        RunningServers.TryRead(_folder.Path).ShouldBeNull();

        Directory.EnumerateFiles(_folder.Path).ShouldBeEmpty();
    }

    [Fact]
    public void Withdrawing_an_offer_leaves_the_offer_of_another_process()
    {
        var mine = RunningServers.Publish(_folder.Path, Offer(Environment.ProcessId, "earlier"));
        using var other = RunningServers.Publish(_folder.Path, Offer(Environment.ProcessId));

        mine.Dispose();

        RunningServers.TryRead(_folder.Path).ShouldNotBeNull();
    }

    [Fact]
    public void What_is_no_offer_is_none()
    {
        RunningServers.TryRead(_folder.In("nowhere")).ShouldBeNull();
        File.WriteAllText(_folder.In("running.json"), "{");
        RunningServers.TryRead(_folder.Path).ShouldBeNull();
    }

    private static RunningServers Offer(int processId, string? started = null) => new()
    {
        PostgresConnectionString = "Host=here",
        StorageConnectionString = "AccountName=here",
        AdminUrl = "http://127.0.0.1:7071",
        ProcessId = processId,
        ProcessStarted = started ?? ProcessIdentity.Of(processId)!.Started,
    };
}
