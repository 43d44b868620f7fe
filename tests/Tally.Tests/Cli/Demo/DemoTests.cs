using System.Text.Json;
using Shouldly;
using Tally.Cli.Shell;
using Xunit;

namespace Tally.Tests.Cli.Demo;

public sealed class DemoTests : IDisposable
{
    private readonly CliRunner _tally = new() { UsesRealClock = true };

    public void Dispose() => _tally.Dispose();

    [Fact]
    public async Task A_small_demo_runs_through_real_servers_and_comes_out_right()
    {
        var result = await _tally.RunAsync("demo", "--events", "3000", "--days", "4", "--live", "200", "-o", "json");

        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        var facts = JsonDocument.Parse(result.Out).RootElement.EnumerateArray()
            .ToDictionary(fact => fact.GetProperty("what").GetString()!, fact => fact.GetProperty("value").GetDecimal());
        facts["events imported"].ShouldBe(3_000);
        facts["days rebuilt through the queue"].ShouldBe(80);
        facts["duplicates refused"].ShouldBe(20);
        facts["days verified"].ShouldBe(80);
        facts["poison messages"].ShouldBe(0);
        facts["drift"].ShouldBe(0);
        facts["changed by a further refresh"].ShouldBe(0);
        facts["explained by its corrections"].ShouldBe(facts["difference in an organization's cost"]);
        facts["difference in an organization's cost"].ShouldBe(-6.9803m);
        Directory.EnumerateDirectories(Path.Combine(_tally.Checkout, ".local", "demo")).ShouldBeEmpty();
    }
}
