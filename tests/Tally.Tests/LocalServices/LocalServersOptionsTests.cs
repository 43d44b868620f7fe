using LocalServices;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalServices;

public sealed class LocalServersOptionsTests
{
    private static readonly LocalServersOptions Valid = new() { DataDirectory = "data" };

    public static TheoryData<LocalServersOptions, string> Invalid => new()
    {
        { Valid with { DataDirectory = " " }, "DataDirectory" },
        { Valid with { Database = "a; DROP" }, "Database" },
        { Valid with { Patience = TimeSpan.FromSeconds(-1) }, "Patience" },
        { Valid with { StorageAccounts = "name" }, "StorageAccounts" },
        { Valid with { PostgresSettings = Setting("max connections", "1") }, "max connections" },
        { Valid with { PostgresSettings = Setting("max_connections", "\"") }, "max_connections" },
        { Valid with { PostgresSettings = Setting("fsync", "off") }, "fsync" },
        { Valid with { PostgresSettings = Setting("full_page_writes", "0") }, "full_page_writes" },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task What_is_out_of_range_is_named(LocalServersOptions options, string name)
    {
        var refusal = await Should.ThrowAsync<ArgumentException>(LocalServers.StartAsync(options));

        refusal.Message.ShouldContain(name);
    }

    [Fact]
    public void Only_ephemeral_servers_may_risk_their_data() =>
        Should.NotThrow((Valid with { Ephemeral = true, PostgresSettings = Setting("fsync", "off") }).Validate);

    [Fact]
    public void Keys_are_not_printed()
    {
        var options = Valid with { StorageAccounts = "name:c2VjcmV0" };

        options.ToString().ShouldNotContain("c2VjcmV0");
        Should.Throw<ArgumentException>((options with { StorageAccounts = "n:c2VjcmV0" }).Validate).Message.ShouldNotContain("c2VjcmV0");
    }

    private static Dictionary<string, string> Setting(string name, string value) => new() { [name] = value };
}
