using NodaTime;
using Shouldly;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;
using Tally.Reporting.Retention;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>Days whose raw events are gone: what their rollups held is their base.</summary>
public sealed class BaseTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    [Fact]
    public async Task A_day_whose_events_were_removed_by_hand_is_not_emptied()
    {
        await AddPurgedDayAsync(1);

        (await host.RebuildAsync(1, TestEvent.Day)).ShouldBe(RebuildOutcome.Kept);
        (await host.RebuildAsync(1, TestEvent.Day)).ShouldBe(RebuildOutcome.Unchanged);

        (await host.TotalAsync(1, "first_response")).ShouldBe(Rollup.OfAccount(1, "first_response", 2, 200, 200));
        (await host.DifferencesAsync(1)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Only_a_request_that_says_so_drops_a_base()
    {
        await AddPurgedDayAsync(2);
        await host.RebuildAsync(2, TestEvent.Day);
        await host.Get<BackfillWorker>().RebuildAsync("""{"accountId": 2, "date": "2026-02-11", "force": true}""", "message");
        (await host.TotalAsync(2, "first_response"))!.Count.ShouldBe(2, "a message drops nothing");

        var request = await host.Get<BackfillRequests>().RequestAsync(await host.Get<BackfillPlanner>().PlanAsync(2, TestEvent.Day, TestEvent.Day), dropsBases: true);
        await host.RunAsync(request);

        (await host.RollupsAsync(2)).ShouldBeEmpty();
        (await host.ScalarAsync<long>("SELECT count(*) FROM reporting.rollup_bases WHERE account_id = 2")).ShouldBe(0);
    }

    [Fact]
    public async Task With_a_base_goes_the_memory_of_its_events_so_that_they_can_be_imported_anew()
    {
        await host.AddAccountAsync(12);
        ReportingEvent[] events = [TestEvent.FirstResponse(12), TestEvent.FirstResponse(12, 30)];
        await host.ApplyAsync(events);
        var counted = await host.RollupsAsync(12);
        (await host.Get<EventPurger>().PurgeAsync(12, TestEvent.Day.PlusDays(1))).EventsPurged.ShouldBe(2);
        await host.Get<EventImporter>().ImportAsync(events.ToAsyncEnumerable());
        (await StoredEvents.ReadAsync(host.DataSource, 12)).ShouldBeEmpty("they are remembered");

        await host.RunAsync(await host.Get<BackfillRequests>().RequestAsync(await host.Get<BackfillPlanner>().PlanAsync(12, TestEvent.Day, TestEvent.Day), dropsBases: true));
        await host.Get<EventImporter>().ImportAsync(events.ToAsyncEnumerable());
        await host.RebuildAsync(12, TestEvent.Day);

        (await host.RollupsAsync(12)).ShouldBe(counted);
    }

    [Fact]
    public async Task Rollups_of_a_day_are_its_base_and_its_events_whoever_writes()
    {
        await AddPurgedDayAsync(3);
        await host.RebuildAsync(3, TestEvent.Day);

        var live = TestEvent.FirstResponse(3, 50);
        await host.ApplyAsync(live);
        await CountsAsync(3);
        await host.Get<EventImporter>().ImportAsync(new[] { TestEvent.FirstResponse(3, 25) }.ToAsyncEnumerable());
        (await host.RebuildAsync(3, TestEvent.Day)).ShouldBe(RebuildOutcome.Rebuilt);
        await CountsAsync(4);
        await host.Get<EventEraser>().EraseAsync(3, [live.Id]);
        await CountsAsync(3);

        async Task CountsAsync(long count)
        {
            (await host.TotalAsync(3, "first_response"))!.Count.ShouldBe(count);
            (await host.DifferencesAsync(3)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task A_verification_finds_a_purged_day_that_was_tampered_with_and_a_rebuild_restores_it()
    {
        await AddPurgedDayAsync(5);
        await host.RebuildAsync(5, TestEvent.Day);
        await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = 99 WHERE account_id = 5");
        var report = await host.Get<RollupVerifier>().VerifyAsync(5);
        (report.DaysDiffering, report.DaysChecked).ShouldBe((1, 1));

        (await host.RebuildAsync(5, TestEvent.Day)).ShouldBe(RebuildOutcome.Rebuilt);
        (await host.TotalAsync(5, "first_response"))!.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Late_events_of_a_purged_day_that_are_removed_by_hand_are_missed_by_a_verification_and_its_base_stays()
    {
        await AddPurgedDayAsync(11);
        await host.RebuildAsync(11, TestEvent.Day);
        await host.ApplyAsync(TestEvent.FirstResponse(11, 50), TestEvent.FirstResponse(11, 60));
        await host.ExecuteAsync("DELETE FROM reporting.reporting_events WHERE account_id = 11");

        (await host.DifferencesAsync(11)).ShouldContain(difference => difference.DimensionType == "account" && difference.Expected!.Count == 2 && difference.Found!.Count == 4);
        (await host.RebuildAsync(11, TestEvent.Day)).ShouldBe(RebuildOutcome.Rebuilt);

        (await host.TotalAsync(11, "first_response")).ShouldBe(Rollup.OfAccount(11, "first_response", 2, 200, 200), "the base, which nothing but an operator's word drops");
        (await host.DifferencesAsync(11)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_day_that_never_got_a_state_keeps_what_it_holds_too()
    {
        await AddPurgedDayAsync(6);
        await host.ExecuteAsync("DELETE FROM reporting.reporting_days WHERE account_id = 6");

        (await host.RebuildAsync(6, TestEvent.Day)).ShouldBe(RebuildOutcome.Kept);
        (await host.DifferencesAsync(6)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_base_keeps_its_window_through_a_change_of_the_zone_and_back()
    {
        await AddPurgedDayAsync(7);
        await host.RebuildAsync(7, TestEvent.Day);
        var accounts = host.Get<AccountStore>();

        await host.RunAsync((await accounts.SetTimezoneAsync(7, "Asia/Tokyo")).Backfill!);
        await host.ApplyAsync(TestEvent.FirstResponse(7, 50));
        (await host.DifferencesAsync(7)).ShouldBeEmpty();
        (await TotalOfReportAsync(7)).ShouldBe(3, "the base is added whole to the report that holds its window");

        await host.RunAsync((await accounts.SetTimezoneAsync(7, "America/New_York")).Backfill!);
        (await host.TotalAsync(7, "first_response"))!.Count.ShouldBe(3);
        (await host.DifferencesAsync(7)).ShouldBeEmpty();
        (await TotalOfReportAsync(7)).ShouldBe(3);
    }

    [Fact]
    public async Task Handoffs_stay_distinct_on_a_purged_day()
    {
        await host.AddAccountAsync(9);
        await host.ApplyAsync(TestEvent.FirstResponse(9), TestEvent.Handoff(9, 77));
        (await host.Get<EventPurger>().PurgeAsync(9, TestEvent.Day.PlusDays(1))).DaysPurged.ShouldBe(1);

        await host.ApplyAsync(TestEvent.Handoff(9, 77), TestEvent.Handoff(9, 78));

        (await host.TotalAsync(9, "bot_handoffs_count"))!.Count.ShouldBe(2);
        (await host.DifferencesAsync(9)).ShouldBeEmpty();
        (await host.RebuildAsync(9, TestEvent.Day)).ShouldBe(RebuildOutcome.Unchanged);
    }

    [Fact]
    public async Task An_explanation_shows_base_events_and_rollups_and_whether_they_agree()
    {
        await AddPurgedDayAsync(10);
        await host.RebuildAsync(10, TestEvent.Day);
        await host.ApplyAsync(TestEvent.FirstResponse(10, 50));

        var day = await host.Get<DayExplainer>().ExplainAsync(10, TestEvent.Day);
        var metric = day.Metrics.Single(one => one.Metric == "first_response");
        (metric.Base!.Count, metric.Raw!.Count, metric.Rollup!.Count, metric.Agrees, day.Agrees, day.Covered).ShouldBe((2, 1, 3, true, true, true));
        day.ZoneData.ShouldBe(TimeZones.RulesVersion);

        await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = 99 WHERE account_id = 10");
        (await host.Get<DayExplainer>().ExplainAsync(10, TestEvent.Day)).Agrees.ShouldBeFalse();
    }

    private async Task<decimal> TotalOfReportAsync(long account) => (await host.Get<ReportReader>().ReadAsync(new SummaryRequest
    {
        AccountId = account, Dimension = "inbox", From = TestEvent.Noon - Duration.FromDays(5), To = TestEvent.Noon + Duration.FromDays(5),
    })).Rows.Count == 0 ? 0 : (await host.Get<ReportReader>().ReadAsync(new SeriesRequest
    {
        AccountId = account, Metric = ReportMetric.AverageFirstResponseTime, GroupBy = ReportPeriod.Year, From = TestEvent.Noon - Duration.FromDays(5), To = TestEvent.Noon + Duration.FromDays(5),
    })).Series.Sum(point => point.Count);

    [Fact]
    public async Task A_request_counts_a_kept_day_as_done()
    {
        await AddPurgedDayAsync(8);
        var request = await host.Get<BackfillRequests>().RequestAsync(await host.Get<BackfillPlanner>().PlanAsync(8, TestEvent.Day, TestEvent.Day));

        await host.RebuildAsync(8, TestEvent.Day, requestId: request.Id);

        var progress = (await host.Get<BackfillRequests>().GetProgressAsync(8)).ShouldHaveSingleItem();
        (progress.DaysDone, progress.DaysKept, progress.State).ShouldBe((1, 1, "completed"));
    }

    private async Task AddPurgedDayAsync(long account)
    {
        await host.AddAccountAsync(account);
        await host.ApplyAsync(TestEvent.FirstResponse(account), TestEvent.FirstResponse(account));
        await host.ExecuteAsync("DELETE FROM reporting.reporting_events WHERE account_id = @account", new { account });
    }
}
