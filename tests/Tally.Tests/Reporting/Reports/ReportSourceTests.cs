using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Reports;

/// <summary>Which source serves which request.</summary>
public sealed class ReportSourceTests(ReportingHost host) : ReportTests(host)
{
    private static readonly Instant Noon = Instant.FromUtc(2026, 2, 11, 17, 0);

    [Theory]
    [InlineData(nameof(ReportPeriod.Day))]
    [InlineData(nameof(ReportPeriod.Week))]
    [InlineData(nameof(ReportPeriod.Month))]
    [InlineData(nameof(ReportPeriod.Year))]
    public async Task An_eligible_request_reads_rollups(string groupByName)
    {
        var groupBy = Enum.Parse<ReportPeriod>(groupByName);
        await AddAccountAsync();
        var report = await ReadAsync(Request(ReportMetric.Resolutions, groupBy: groupBy));
        report.Source.ShouldBe(ReportSource.Rollup);
        report.Covered.ShouldBeTrue();
        report.Parts.ShouldBe([new ReportPart(ReportSource.Rollup, new LocalDate(2026, 2, 1), new LocalDate(2026, 2, 28))]);
    }

    [Fact]
    public async Task Without_the_flag_raw_events_are_read()
    {
        await AddAccountAsync(readsRollups: false);
        await Host.ApplyAsync(Event("conversation_resolved", Noon));
        var report = await ReadAsync(Request(ReportMetric.Resolutions));
        (report.Source, report.Covered, report.Aggregate).ShouldBe((ReportSource.Raw, true, 1m));
    }

    [Fact]
    public async Task Without_a_reporting_timezone_raw_events_are_read()
    {
        await AddAccountAsync(zone: null);
        await Host.ApplyAsync(Event("conversation_resolved", Noon));
        var report = await ReadAsync(Request(ReportMetric.Resolutions));
        (report.Source, report.Covered, report.Aggregate).ShouldBe((ReportSource.Raw, false, 1m));
    }

    [Fact]
    public async Task Hours_are_read_from_raw_events()
    {
        await AddAccountAsync();
        (await ReadAsync(Request(ReportMetric.Resolutions, groupBy: ReportPeriod.Hour))).Source.ShouldBe(ReportSource.Raw);
    }

    [Fact]
    public async Task A_dimension_that_is_not_rolled_up_is_refused()
    {
        await AddAccountAsync();
        (await Should.ThrowAsync<ReportRequestException>(ReadAsync(Request(ReportMetric.Resolutions) with { Dimension = "team", DimensionId = 1 })))
            .Message.ShouldBe("'team' is no dimension of reports. Use account, agent or inbox.");
    }

    [Fact]
    public void A_metric_that_events_cannot_answer_is_refused() =>
        Should.Throw<ReportRequestException>(() => ReportMetric.Find("conversations_count")).Message.ShouldStartWith("'conversations_count' is no report metric. Use one of avg_first_response_time,");

    [Theory]
    [InlineData(0, nameof(ReportSource.Raw))]
    [InlineData(-5, nameof(ReportSource.Rollup))]
    public async Task An_offset_must_be_that_of_the_accounts_days(int hours, string sourceName)
    {
        var source = Enum.Parse<ReportSource>(sourceName);
        await AddAccountAsync();
        (await ReadAsync(Request(ReportMetric.Resolutions, zone: ReportZone.FixedOffset(Offset.FromHours(hours))))).Source.ShouldBe(source);
    }

    [Theory]
    [InlineData("Asia/Kolkata", "Asia/Kolkata", nameof(ReportSource.Rollup))]
    [InlineData("Asia/Calcutta", "Asia/Kolkata", nameof(ReportSource.Rollup))]
    [InlineData("Asia/Kolkata", "Asia/Calcutta", nameof(ReportSource.Rollup))]
    [InlineData("Asia/Kolkata", "Asia/Colombo", nameof(ReportSource.Raw))]
    public async Task A_zone_is_known_under_every_alias(string account, string request, string sourceName)
    {
        var source = Enum.Parse<ReportSource>(sourceName);
        await AddAccountAsync(account);
        var zone = DateTimeZoneProviders.Tzdb["Asia/Kolkata"];
        var report = await ReadAsync(Request(
            ReportMetric.Resolutions, zone.AtStartOfDay(new(2026, 2, 1)).ToInstant(), zone.AtStartOfDay(new(2026, 3, 1)).ToInstant(), zone: ReportZone.Named(request)));
        report.Source.ShouldBe(source);
    }

    [Fact]
    public async Task A_summary_reads_rollups()
    {
        await AddAccountAsync();
        await Host.ApplyAsync(Event("conversation_resolved", Noon, 60, 30, user: 7));
        var report = await Host.Get<ReportReader>().ReadAsync(
            new SummaryRequest { AccountId = Account, Dimension = "agent", From = Midnight(2026, 2, 1), To = Midnight(2026, 3, 1) });
        report.Source.ShouldBe(ReportSource.Rollup);
        report.Rows.ShouldBe([new SummaryRow { Id = 7, ResolvedConversationsCount = 1, AverageResolutionTime = 60, AverageFirstResponseTime = null, AverageReplyTime = null }]);
    }

    [Fact]
    public async Task A_request_without_a_zone_is_in_the_accounts_own()
    {
        await AddAccountAsync("Asia/Kolkata");
        var zone = DateTimeZoneProviders.Tzdb["Asia/Kolkata"];
        var midnight = zone.AtStartOfDay(new(2026, 2, 11)).ToInstant();
        var report = await ReadAsync(Request(ReportMetric.Resolutions, midnight, midnight + Duration.FromDays(1)));
        (report.Source, report.Series.Single().Start).ShouldBe((ReportSource.Rollup, midnight));
    }

    [Fact]
    public async Task Offsets_of_a_quarter_of_an_hour_match()
    {
        await AddAccountAsync("Asia/Kathmandu");
        var midnight = Instant.FromUtc(2026, 2, 10, 18, 15);
        (await ReadAsync(Request(ReportMetric.Resolutions, midnight, midnight + Duration.FromDays(1), zone: ReportZone.ParseOffset("5.75")))).Source.ShouldBe(ReportSource.Rollup);
    }

    [Theory]
    [InlineData("Etc/UTC", "0", nameof(ReportSource.Rollup))]
    [InlineData("Etc/UTC", "-5", nameof(ReportSource.Raw))]
    [InlineData("Nowhere/Invalid", "0", nameof(ReportSource.Raw))]
    public async Task An_offset_matches_a_valid_zone_only(string zone, string offset, string sourceName)
    {
        var source = Enum.Parse<ReportSource>(sourceName);
        await AddAccountAsync(zone);
        var midnight = Instant.FromUtc(2026, 2, 11, 0, 0);
        (await ReadAsync(Request(ReportMetric.Resolutions, midnight, midnight + Duration.FromDays(1), zone: ReportZone.ParseOffset(offset)))).Source.ShouldBe(source);
    }

    [Fact]
    public async Task An_agent_of_two_accounts_is_counted_in_each_apart()
    {
        await AddAccountAsync();
        var other = Account + 1_000_000;
        await Host.AddAccountAsync(other);
        await Host.ApplyAsync([.. Enumerable.Range(0, 5).Select(index => Event("conversation_resolved", Noon, user: 1, account: index < 2 ? Account : other))]);
        var ofAgent = Request(ReportMetric.Resolutions) with { Dimension = "agent", DimensionId = 1 };
        (await ReadAsync(ofAgent)).Aggregate.ShouldBe(2);
        (await ReadAsync(ofAgent with { AccountId = other })).Aggregate.ShouldBe(3);
    }

    [Theory]
    [InlineData(nameof(ReportSourceChoice.Raw))]
    [InlineData(nameof(ReportSourceChoice.Rollup))]
    public async Task An_unknown_agent_has_zeros_and_an_unknown_account_is_refused(string sourceName)
    {
        var source = Enum.Parse<ReportSourceChoice>(sourceName);
        await AddAccountAsync();
        var request = Request(ReportMetric.Resolutions) with { Dimension = "agent", DimensionId = 404, Source = source };
        var report = await ReadAsync(request);
        report.Aggregate.ShouldBe(0);
        report.Series.ShouldAllBe(point => point.Value == 0 && point.Count == 0);
        (await Should.ThrowAsync<UnknownAccountException>(ReadAsync(request with { AccountId = 404_404 }))).AccountId.ShouldBe(404_404);
    }

    [Theory]
    [InlineData(nameof(ReportSourceChoice.Raw))]
    [InlineData(nameof(ReportSourceChoice.Rollup))]
    public async Task An_average_is_of_events_and_not_of_days(string sourceName)
    {
        var source = Enum.Parse<ReportSourceChoice>(sourceName);
        await AddAccountAsync();
        await Host.ApplyAsync(Event("first_response", Noon, 80), Event("first_response", Noon, 100), Event("first_response", Noon + Duration.FromDays(1), 93));
        var report = await ReadAsync(Request(ReportMetric.AverageFirstResponseTime) with { Source = source });
        report.Aggregate.ShouldBe(91);
        report.Series.Where(point => point.Count > 0).Select(point => (point.Value, point.Count)).ShouldBe([(90m, 2L), (93m, 1L)]);
    }

    [Fact]
    public async Task A_handoff_outside_the_range_or_without_a_conversation_takes_nothing_away()
    {
        await AddAccountAsync();
        await Host.ApplyAsync(
            Event("conversation_bot_resolved", Noon, conversation: 1), Event("conversation_bot_resolved", Noon, conversation: 2), Event("conversation_bot_resolved", Noon),
            Event("conversation_bot_handoff", Noon), Event("conversation_bot_handoff", Midnight(2026, 3, 1), conversation: 2));
        (await AggregateAsync(ReportMetric.BotResolutions, Midnight(2026, 2, 1), Midnight(2026, 3, 1))).ShouldBe(3);
        (await AggregateAsync(ReportMetric.BotResolutions, Midnight(2026, 2, 1), Midnight(2026, 3, 2))).ShouldBe(2);
    }

    [Fact]
    public async Task Rollups_alone_are_refused_where_they_cannot_answer()
    {
        await AddAccountAsync(readsRollups: false);
        await Host.ApplyAsync(Event("first_response", Noon, 1));
        await Host.ExecuteAsync("UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = @account", new { account = Account });
        var request = Request(ReportMetric.ReplyTime) with { Source = ReportSourceChoice.Rollup };
        await RefusedAsync(request, "2026-02-11 is not covered (dirty)");
        await RefusedAsync(request with { From = Midnight(2026, 2, 12) - Duration.FromHours(1) }, "2026-02-11 is not covered (dirty)");
        await RefusedAsync(request with { From = Noon + Duration.FromDays(1) }, "the range cuts the day 2026-02-12");
        await RefusedAsync(request with { GroupBy = ReportPeriod.Hour }, "they hold days, not hours");
        await RefusedAsync(request with { Zone = ReportZone.Named("Asia/Tokyo") }, "the days of Asia/Tokyo are not those of the account's zone America/New_York");
        await RefusedAsync(request with { Metric = ReportMetric.BotResolutions }, "bot_resolutions_count of a range is no sum of its days");
        (await ReadAsync(request with { From = Midnight(2026, 2, 12) })).Source.ShouldBe(ReportSource.Rollup);

        async Task RefusedAsync(SeriesRequest refused, string why) =>
            (await Should.ThrowAsync<ReportRequestException>(ReadAsync(refused))).Message.ShouldContain(why);
    }

    [Fact]
    public async Task Requests_that_make_no_sense_are_refused()
    {
        await AddAccountAsync();
        var request = Request(ReportMetric.Resolutions);
        foreach (var (refused, why) in new[]
        {
            (request with { To = request.From }, "its end must be after its start"),
            (request with { To = Instant.FromUtc(2300, 1, 1, 0, 0) }, "1970 to 2199"),
            (request with { Dimension = "agent" }, "needs the id of an agent"),
            (request with { Dimension = "account", DimensionId = 77_777 }, "takes no other id"),
            (request with { From = Instant.FromUnixTimeSeconds(0), GroupBy = ReportPeriod.Hour }, "more than 100000 buckets"),
        })
        {
            (await Should.ThrowAsync<ReportRequestException>(ReadAsync(refused))).Message.ShouldContain(why);
        }

        Should.Throw<ReportRequestException>(() => ReportZone.ParseOffset("5:60")).Message.ShouldStartWith("'5:60' is no offset");
        (await Should.ThrowAsync<ReportRequestException>(Host.Get<ReportReader>().ReadAsync(
            new SummaryRequest { AccountId = Account, Dimension = "account", From = request.From, To = request.To }))).Message.ShouldContain("Use agent or inbox");
    }
}
