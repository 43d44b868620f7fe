using System.Net;
using Shouldly;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Dashboard;

/// <summary>What the page of a day says of its numbers.</summary>
public sealed class DayViewTests(DashboardHost host) : IClassFixture<DashboardHost>
{
    [Fact]
    public async Task A_day_shows_its_window_state_raw_count_and_rows()
    {
        var html = await GetAsync("day?account=8&date=2026-02-10");

        html.ShouldContain("America/New_York");
        html.ShouldContain("from 2026-02-10 05:00 UTC\nup to 2026-02-11 05:00 UTC");
        html.ShouldContain("built from base and raw events, kept up since");
        html.ShouldContain("Every rollup row of this day is its base plus its raw events.");
        html.ShouldContain("stored, of whatever name");
        (await RowAsync("day.csv?table=why&account=8&date=2026-02-10", "first_response")).ShouldStartWith("first_response,0,4,4,0,");
    }

    [Fact]
    public async Task What_was_removed_is_the_base_and_the_number_is_base_plus_raw()
    {
        await host.AddAccountAsync(70);
        await host.Reporting.AddRawAsync(TestEvent.FirstResponse(70, 100), TestEvent.FirstResponse(70, 60));
        await host.Reporting.RebuildAsync(70, TestEvent.Day);
        // Both are removed, and a late one comes.
        await host.Reporting.ExecuteAsync("DELETE FROM reporting.reporting_events WHERE account_id = 70");
        await host.Reporting.RebuildAsync(70, TestEvent.Day);
        await host.Reporting.ApplyAsync(TestEvent.FirstResponse(70, 5));

        (await RowAsync("day.csv?table=why&account=70&date=2026-02-11", "first_response")).ShouldBe("first_response,2,1,3,160,5,165,true");
        (await GetAsync("day?account=70&date=2026-02-11")).ShouldContain("totals of events that were removed");
    }

    [Fact]
    public async Task A_day_that_waits_says_so_and_what_to_type()
    {
        await host.AddAccountAsync(71);
        await host.Reporting.ApplyAsync(TestEvent.FirstResponse(71));
        await host.Reporting.ExecuteAsync("UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = 71");

        var html = await GetAsync("day?account=71&date=2026-02-11");

        html.ShouldContain("The day is not covered: reports read its raw events.");
        html.ShouldContain("tally rollups backfill --account 71 --from 2026-02-11 --to 2026-02-11");
        html.ShouldContain("waits to be rebuilt");
    }

    [Fact]
    public async Task A_day_without_events_needs_no_rollups() => (await GetAsync("day?account=8&date=2025-02-11")).ShouldContain("no events, and no rollups needed");

    private async Task<string> GetAsync(string address) => WebUtility.HtmlDecode(await host.Client.GetStringAsync(address));

    private async Task<string> RowAsync(string address, string first) =>
        (await host.Client.GetStringAsync(address)).Split("\r\n").Single(line => line.StartsWith(first + ",", StringComparison.Ordinal));
}
