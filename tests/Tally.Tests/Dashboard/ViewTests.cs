using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using NodaTime;
using Shouldly;
using Tally.Dashboard.Views;
using Tally.Reporting.Reports;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Dashboard;

/// <summary>What the views show.</summary>
public sealed partial class ViewTests(DashboardHost host) : IClassFixture<DashboardHost>
{
    private const string Reporting = "reporting?account=8&metric=avg_first_response_time&from=2026-02-05&to=2026-02-11";

    public static TheoryData<string, string> Views => new()
    {
        { "overview", "Overview" },
        { Reporting, "First response time of " },
        { Reporting + "&group=hour", "First response time of " },
        { Reporting + "&group=week&dimension=agent&id=7&business_hours=on&zone=Asia/Tokyo&source=raw", "First response time of " },
        { "reporting?metric=bot_handoffs_count&group=month&zone=%2B5:45", "Bot handoffs of " },
        { "day?account=8&date=2026-02-10", "2026-02-10 of account 8" },
        { "value-stream?month=2026-02&namespace=1&metric=issues", "Value stream counts" },
        { "billing", "in 2026" },
        { "billing?service=0198f2a0-0000-4000-8000-000000000001&year=2026&month=2026-01", "in 2026" },
    };

    [Theory]
    [MemberData(nameof(Views))]
    public async Task Each_view_has_an_address_that_answers_and_a_file_for_each_table(string address, string heading)
    {
        var html = await GetAsync(address);

        html.ShouldContain($"{heading}", Case.Sensitive);
        html.Split("<h1>").Length.ShouldBe(2);
        foreach (var csv in CsvLink().Matches(html).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value)))
        {
            using var response = await host.Client.GetAsync(csv);
            response.StatusCode.ShouldBe(HttpStatusCode.OK, csv);
            response.Content.Headers.ContentType!.MediaType.ShouldBe("text/csv");
            (await response.Content.ReadAsStringAsync()).Split("\r\n").Length.ShouldBeGreaterThan(2, csv);
        }
    }

    [Theory]
    [MemberData(nameof(Views))]
    public async Task Every_link_of_a_view_leads_to_a_view(string address, string heading)
    {
        heading.ShouldNotBeEmpty();
        foreach (var link in Link().Matches(await GetAsync(address)).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value)).Distinct().Where(link => link[0] != '#' && !link.StartsWith("data:", StringComparison.Ordinal)))
        {
            using var response = await host.Client.GetAsync(link);
            response.StatusCode.ShouldBe(HttpStatusCode.OK, link);
        }
    }

    [Fact]
    public async Task A_series_is_the_report_that_the_command_line_gives()
    {
        var zone = DateTimeZoneProviders.Tzdb["America/New_York"];
        var report = await host.Reporting.Get<ReportReader>().ReadAsync(new SeriesRequest
        {
            AccountId = DashboardHost.Account,
            Metric = ReportMetric.AverageFirstResponseTime,
            From = zone.AtStartOfDay(new LocalDate(2026, 2, 5)).ToInstant(),
            To = zone.AtStartOfDay(new LocalDate(2026, 2, 12)).ToInstant(),
        });

        var lines = (await GetAsync(Reporting.Replace("reporting?", "reporting.csv?table=series&", StringComparison.Ordinal))).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

        lines[0].ShouldBe("date,value,count,source");
        lines[1..].Select(line => line.Split(',')).Select(cells => (cells[0], decimal.Parse(cells[1], CultureInfo.InvariantCulture), long.Parse(cells[2], CultureInfo.InvariantCulture), cells[3]))
            .ShouldBe(report.Series.Select(point => (point.Local.Date.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture), point.Value, point.Count, "rollup")));
        report.Series.ShouldContain(point => point.Count == 4);
    }

    [Fact]
    public async Task A_range_that_cuts_days_shows_both_sources()
    {
        var html = await GetAsync(Reporting + "&zone=Asia/Tokyo");
        html.ShouldContain("raw: 2026-02-0");

        (await GetAsync(Reporting)).ShouldContain("rollup: 2026-02-05 to 2026-02-11");
    }

    [Theory]
    [InlineData(Reporting)]
    [InlineData("day?account=8&date=2026-02-10")]
    [InlineData("billing")]
    public async Task A_name_is_text_whatever_it_holds(string address)
    {
        var html = await GetAsync(address);

        html.ShouldNotContain("<b>");
        html.ShouldContain("&lt;b&gt;&quot;Acme&quot; &amp; S");
    }

    [Fact]
    public async Task A_name_in_a_file_is_no_formula()
    {
        var csv = await GetAsync("billing.csv?table=services");

        csv.ShouldContain("'=HYPERLINK(\"\"x\"\")");
    }

    [Theory]
    [InlineData("reporting?account=99999", "99999")]
    [InlineData("reporting?account=x", "Expected a whole number above 0")]
    [InlineData("reporting?account=8&from=2026-02-30", "2026-02-30")]
    [InlineData("reporting?account=8&from=2026-02-11&to=2026-02-10", "ends before it begins")]
    [InlineData("reporting?account=8&metric=speed", "Use one of avg_first_response_time")]
    [InlineData("reporting?account=8&group=decade", "Use one of")]
    [InlineData("reporting?account=8&zone=Moon/Base", "Moon/Base")]
    [InlineData("day?account=8", "Choose a day in Reporting")]
    [InlineData("value-stream?namespace=12345", "There is no namespace 12345")]
    [InlineData("billing?service=0198f2a0-0000-4000-8000-00000000ffff", "There is no service")]
    [InlineData("billing?year=1", "a year from 1970 to 2199")]
    public async Task What_cannot_be_shown_is_said_in_a_sentence(string address, string part)
    {
        using var response = await host.Client.GetAsync(address);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync()).ShouldContain(part);
    }

    [Fact]
    public async Task A_table_that_a_view_lacks_is_named_with_those_that_it_has()
    {
        using var response = await host.Client.GetAsync("billing.csv?table=nothing");

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync()).ShouldContain("services, usage, days, corrections, months");
    }

    [Fact]
    public async Task The_overview_is_green_when_all_is_well() => (await GetAsync("overview")).ShouldContain("All is well.");

    [Fact]
    public async Task A_rollup_row_that_is_wrong_turns_its_day_red()
    {
        await host.AddAccountAsync(66);
        await host.Reporting.ApplyAsync(TestEvent.FirstResponse(66));
        (await GetAsync("day?account=66&date=2026-02-11")).ShouldContain("is its base plus its raw events");

        await host.Reporting.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = 7 WHERE account_id = 66");

        (await GetAsync("day?account=66&date=2026-02-11")).ShouldContain("tally rollups backfill --account 66");
    }

    private Task<string> GetAsync(string address) => host.Client.GetStringAsync(address);

    [GeneratedRegex("href=\"([^\"]*\\.csv\\?[^\"]*)\"")]
    private static partial Regex CsvLink();

    [GeneratedRegex("href=\"([^\"]*)\"")]
    private static partial Regex Link();
}
