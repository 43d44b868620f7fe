using System.Text;
using System.Text.Json;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Demo;

public sealed class DemoTests : IDisposable
{
    // It ends a test that has failed: two busy cores take less than one.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly CliRunner _tally = new() { UsesRealClock = true };

    public void Dispose() => _tally.Dispose();

    [Fact]
    public async Task A_small_demo_runs_through_real_servers_comes_out_right_and_opens_the_dashboard_on_its_world()
    {
        using var stop = new CancellationTokenSource();
        using var output = new StringWriter();
        var error = new ObservedWriter();
        var running = _tally.StartAsync(output, error, stop.Token, "demo", "--events", "3000", "--days", "4", "--live", "200", "--dashboard", "--no-open", "-o", "json");
        try
        {
            await Task.WhenAny(running, error.WaitForAsync("Ctrl-C ends it")).WaitAsync(Limit);
            running.IsCompleted.ShouldBeFalse(error.ToString());

            var (results, shown) = Read(output.ToString());
            var facts = results.EnumerateArray().ToDictionary(fact => fact.GetProperty("what").GetString()!, fact => fact.GetProperty("value").GetDecimal());
            facts["events imported"].ShouldBe(3_000);
            facts["days rebuilt through the queue"].ShouldBe(80);
            facts["duplicates refused"].ShouldBe(20);
            facts["days verified"].ShouldBe(80);
            facts["poison messages"].ShouldBe(0);
            facts["drift"].ShouldBe(0);
            facts["changed by a further refresh"].ShouldBe(0);
            facts["explained by its corrections"].ShouldBe(facts["difference in an organization's cost"]);
            facts["difference in an organization's cost"].ShouldBe(-6.9803m);

            using (var client = new HttpClient { BaseAddress = new Uri(shown.GetProperty("address").GetString()!) })
            {
                (await client.GetStringAsync("overview")).ShouldContain("All is well.");
                (await client.GetStringAsync("reporting?account=8&from=2026-04-27&to=2026-04-30")).ShouldContain("rollup: 2026-04-27 to 2026-04-30");
                (await client.GetStringAsync("day?account=8&date=2026-04-29")).ShouldContain("is its base plus its raw events");
                (await client.GetStringAsync("value-stream")).ShouldContain("every namespace is counted");
                (await client.GetStringAsync("billing")).ShouldContain("Department 1");
            }
        }
        finally
        {
            await stop.CancelAsync();
        }

        (await Eventually.ComesAsync(running, "the end")).ShouldBe((int)ExitCode.Done, error.ToString());
        Directory.EnumerateDirectories(Path.Combine(_tally.Checkout, ".local", "demo")).ShouldBeEmpty();
    }

    /// <summary>What it found, and where it shows it: two documents, one after the other.</summary>
    private static (JsonElement Results, JsonElement Shown) Read(string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json), new JsonReaderOptions { AllowMultipleValues = true });
        var results = JsonElement.ParseValue(ref reader);
        reader.Read();
        return (results, JsonElement.ParseValue(ref reader));
    }
}
