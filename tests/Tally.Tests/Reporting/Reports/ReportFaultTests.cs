using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;
using Xunit;

namespace Tally.Tests.Reporting.Reports;

/// <summary>The faults of the original's reads, none of which must come back.</summary>
public sealed class ReportFaultTests(ReportingHost host) : ReportTests(host)
{
    private static readonly Instant Noon = Instant.FromUtc(2026, 2, 11, 17, 0);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Null_durations_count_as_zero_in_both_sources(bool readsRollups)
    {
        await AddAccountAsync(readsRollups: readsRollups);
        await Host.ApplyAsync(Event("reply_time", Noon, 100, 100), Event("reply_time", Noon, 100, null), Event("reply_time", Noon, null, 50));

        var (seconds, business) = (await ReadAsync(Request(ReportMetric.ReplyTime)), await ReadAsync(Request(ReportMetric.ReplyTime) with { BusinessHours = true }));

        (seconds.Source, business.Source).ShouldBe(readsRollups ? (ReportSource.Rollup, ReportSource.Rollup) : (ReportSource.Raw, ReportSource.Raw));
        seconds.Aggregate!.Value.ShouldBe(200m / 3, 0.0001m);
        business.Aggregate.ShouldBe(50, "100, nothing and 50 are 150 in three");
    }

    [Fact]
    public async Task A_range_that_cuts_days_counts_no_more_than_the_range()
    {
        await AddAccountAsync();
        var (before, after) = (Midnight(2026, 2, 10) + Duration.FromHours(9), Midnight(2026, 2, 12) + Duration.FromHours(9));
        await Host.ApplyAsync([.. new[] { before - Duration.FromTicks(10), before, Noon, after - Duration.FromTicks(10), after }.Select(at => Event("conversation_resolved", at))]);
        var report = await ReadAsync(Request(ReportMetric.Resolutions, before, after));
        report.Aggregate.ShouldBe(3);
        report.Source.ShouldBe(ReportSource.Mixed);
        report.Parts.ShouldBe(
        [
            new ReportPart(ReportSource.Raw, new(2026, 2, 10), new(2026, 2, 10)),
            new ReportPart(ReportSource.Rollup, new(2026, 2, 11), new(2026, 2, 11)),
            new ReportPart(ReportSource.Raw, new(2026, 2, 12), new(2026, 2, 12)),
        ]);
    }

    [Fact]
    public async Task A_range_that_ends_at_midnight_does_not_take_in_the_next_day()
    {
        await AddAccountAsync();
        await Host.ApplyAsync(Event("conversation_resolved", Midnight(2026, 2, 12)));
        var report = await ReadAsync(Request(ReportMetric.Resolutions, Midnight(2026, 2, 11), Midnight(2026, 2, 12)));
        report.Aggregate.ShouldBe(0);
        report.Series.Select(point => point.Local.Date).ShouldBe([new LocalDate(2026, 2, 11)]);
    }

    [Fact]
    public async Task The_period_before_one_that_spans_a_clock_change_takes_in_no_extra_day()
    {
        await AddAccountAsync();
        var (since, until) = (Midnight(2026, 3, 8), Midnight(2026, 3, 9));
        var earlier = since - (until - since);
        await Host.ApplyAsync(Event("conversation_resolved", earlier - Duration.FromMinutes(30)), Event("conversation_resolved", earlier));
        earlier.ShouldBe(Midnight(2026, 3, 7) + Duration.FromHours(1));
        (await AggregateAsync(ReportMetric.Resolutions, earlier, since)).ShouldBe(1);
    }

    [Theory]
    [InlineData(nameof(ReportSourceChoice.Auto))]
    [InlineData(nameof(ReportSourceChoice.Raw))]
    public async Task A_conversation_handed_off_on_two_days_is_one_in_the_range_and_one_in_each_day(string sourceName)
    {
        var source = Enum.Parse<ReportSourceChoice>(sourceName);
        await AddAccountAsync();
        await Host.ApplyAsync([.. new[] { 0, 1, 24 }.Select(hours => Event("conversation_bot_handoff", Noon + Duration.FromHours(hours), conversation: 1, user: 2))]);
        var request = Request(ReportMetric.BotHandoffs) with { Source = source, Dimension = "agent", DimensionId = 2 };
        var report = await ReadAsync(request);
        report.Aggregate.ShouldBe(1);
        report.Series.Where(point => point.Value > 0).Select(point => (point.Local.Date.Day, point.Value)).ShouldBe([(11, 1m), (12, 1m)]);
        (await ReadAsync(request with { GroupBy = ReportPeriod.Month })).Series.Single().Value.ShouldBe(1);
    }

    [Fact]
    public async Task The_handoffs_of_a_single_day_come_from_rollups_and_are_the_same()
    {
        await AddAccountAsync();
        await Host.ApplyAsync(Event("conversation_bot_handoff", Noon, conversation: 1), Event("conversation_bot_handoff", Noon, conversation: 1), Event("conversation_bot_handoff", Noon, conversation: 2));
        var day = Request(ReportMetric.BotHandoffs, Midnight(2026, 2, 11), Midnight(2026, 2, 12));
        var report = await ReadAsync(day);
        (report.Source, report.Aggregate).ShouldBe((ReportSource.Rollup, 2m));
        (await ReadAsync(day with { Source = ReportSourceChoice.Raw })).Aggregate.ShouldBe(2);
    }

    [Fact]
    public async Task A_handoff_on_another_day_of_the_range_takes_away_what_the_bot_resolved()
    {
        await AddAccountAsync();
        await Host.ApplyAsync(
            Event("conversation_bot_resolved", Noon, conversation: 1, user: 5), Event("conversation_bot_resolved", Noon, conversation: 2, user: 5),
            Event("conversation_bot_handoff", Noon + Duration.FromDays(3), conversation: 1, user: 6));
        var report = await ReadAsync(Request(ReportMetric.BotResolutions));
        (report.Source, report.Aggregate).ShouldBe((ReportSource.Raw, 1m));
        (await ReadAsync(Request(ReportMetric.BotResolutions) with { Dimension = "agent", DimensionId = 5 })).Aggregate.ShouldBe(2, "another agent's handoff is outside the scope");
    }

    [Fact]
    public async Task A_day_that_is_not_covered_is_never_shown_as_zero()
    {
        await AddAccountAsync();
        await Host.ApplyAsync(Event("conversation_resolved", Noon), Event("conversation_resolved", Noon + Duration.FromDays(1)));
        await Host.ExecuteAsync("DELETE FROM reporting.reporting_events_rollups WHERE account_id = @account AND date = '2026-02-11'", new { account = Account });
        await Host.ExecuteAsync("DELETE FROM reporting.reporting_days WHERE account_id = @account AND date = '2026-02-11'", new { account = Account });
        await Host.ExecuteAsync("UPDATE reporting.accounts SET timezone_set_at = '2026-02-11T20:00Z' WHERE id = @account", new { account = Account });
        var report = await ReadAsync(Request(ReportMetric.Resolutions));
        (report.Source, report.Covered, report.Aggregate).ShouldBe((ReportSource.Mixed, false, 2m));
    }

    [Fact]
    public async Task A_zone_change_sends_every_read_to_raw_events_until_days_are_rebuilt()
    {
        await AddAccountAsync();
        await Host.ApplyAsync(Event("conversation_resolved", Noon), Event("conversation_resolved", Noon + Duration.FromDays(1)));
        var change = await Host.Get<AccountStore>().SetTimezoneAsync(Account, "Asia/Tokyo");
        var stale = await ReadAsync(Request(ReportMetric.Resolutions, to: Midnight(2026, 2, 13)));
        (stale.Covered, stale.Aggregate).ShouldBe((false, 2m));

        await foreach (var _ in Host.Get<BackfillWorker>().RebuildInlineAsync(change.Backfill!)) { }
        var tokyo = DateTimeZoneProviders.Tzdb["Asia/Tokyo"];
        var report = await ReadAsync(Request(
            ReportMetric.Resolutions, tokyo.AtStartOfDay(new(2026, 2, 12)).ToInstant(), tokyo.AtStartOfDay(new(2026, 2, 14)).ToInstant()));
        (report.Source, report.Covered, report.Aggregate).ShouldBe((ReportSource.Rollup, true, 2m));
    }

    [Fact]
    public async Task An_offset_of_winter_does_not_match_the_zones_summer()
    {
        await AddAccountAsync("Europe/London");
        var zone = DateTimeZoneProviders.Tzdb["Europe/London"];
        var january = Request(ReportMetric.Resolutions, Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 2, 1, 0, 0), zone: ReportZone.ParseOffset("0"));
        (await ReadAsync(january)).Source.ShouldBe(ReportSource.Rollup);
        (await ReadAsync(january with { To = zone.AtStartOfDay(new(2026, 4, 1)).ToInstant() })).Source.ShouldBe(ReportSource.Raw);
    }

    [Fact]
    public async Task Two_unknown_zones_do_not_match_each_other()
    {
        await AddAccountAsync("Nowhere/Invalid");
        Should.Throw<UnknownTimeZoneException>(() => ReportZone.Named("Nowhere/Else"));
        (await ReadAsync(Request(ReportMetric.Resolutions))).Source.ShouldBe(ReportSource.Raw);
    }

    [Fact]
    public async Task Weeks_begin_on_Sunday_and_the_first_bucket_may_begin_before_the_range()
    {
        await AddAccountAsync();
        var report = await ReadAsync(Request(ReportMetric.Resolutions, Midnight(2026, 2, 11), Midnight(2026, 2, 23), ReportPeriod.Week));
        report.Series.Select(point => (point.Local.Date, point.Start)).ShouldBe(
        [
            (new LocalDate(2026, 2, 8), Midnight(2026, 2, 8)), (new LocalDate(2026, 2, 15), Midnight(2026, 2, 15)), (new LocalDate(2026, 2, 22), Midnight(2026, 2, 22)),
        ]);
    }

    [Fact]
    public async Task Today_is_served_from_what_has_come_so_far()
    {
        await AddAccountAsync();
        var today = LocalDay.Containing(Host.Clock.GetCurrentInstant(), NewYork);
        await Host.ApplyAsync(Event("conversation_resolved", today.Start));
        var report = await ReadAsync(Request(ReportMetric.Resolutions, today.Start, today.End));
        (report.Source, report.Aggregate).ShouldBe((ReportSource.Rollup, 1m));
    }
}
