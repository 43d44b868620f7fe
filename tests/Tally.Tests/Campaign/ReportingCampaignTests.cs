using LocalServices;
using NodaTime;
using Shouldly;
using Tally.Campaign;
using Tally.Campaign.Reporting;
using Tally.Tests.EndToEnd;
using Xunit;
using Xunit.Abstractions;

namespace Tally.Tests.Campaign;

/// <summary>A campaign of a size that every test run has time for, on servers of its own: it stops them.</summary>
[Collection(EndToEndHost.OneAtATime)]
public sealed class ReportingCampaignTests(ITestOutputHelper output)
{
    [Fact]
    public async Task What_is_sent_under_fire_is_counted_once()
    {
        var settings = new CampaignSettings
        {
            Seed = 20260301,
            Day = new LocalDate(2026, 6, 15),
            Messages = 200,
            Accounts = 8,
            Hosts = 2,
            Kills = 2,
            DatabaseStops = 1,
            LongestStop = TimeSpan.FromSeconds(2),
            StorageStops = 1,
            Cuts = 3,
            Limit = TimeSpan.FromMinutes(10),
            Folder = Path.Combine(CheckoutDirectory.LocalDirectory, "campaign-test"),
        };
        using var limit = new CancellationTokenSource(settings.Limit);

        var verdict = await new ReportingCampaign(settings, output.WriteLine).RunAsync(limit.Token);

        verdict.Wrongs.ShouldBeEmpty();
        verdict.Lines.Single(line => line.What == "messages sent").Count.ShouldBe("200");
        verdict.Lines.Single(line => line.What == "immediate stops of PostgreSQL").Count.ShouldBe("1");
    }
}
