using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using NodaTime.TimeZones;
using Shouldly;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>Time zone data change: names, and rules of days past and to come. A day is its window, and no name decides.</summary>
public sealed class ZoneDataTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    // 23:30 in New York, and half past midnight of the next day an hour to the east.
    private static readonly Instant Late = Instant.FromUtc(2026, 2, 12, 4, 30);

    /// <summary>Data in which New York keeps Halifax's clock, an hour to the east.</summary>
    private static readonly ZoneRules Newer = new(new MovedZones("America/New_York", "America/Halifax"), "9999z", TzdbDateTimeZoneSource.Default.CanonicalIdMap);

    [Fact]
    public async Task A_day_stored_under_an_old_name_of_its_zone_goes_on_counting()
    {
        await host.AddAccountAsync(1, "Asia/Calcutta");
        await host.ApplyAsync(TestEvent.FirstResponse(1));
        // To these data Kolkata's name is the old one.
        var names = new Dictionary<string, string>(TzdbDateTimeZoneSource.Default.CanonicalIdMap) { ["Asia/Calcutta"] = "Asia/Calcutta", ["Asia/Kolkata"] = "Asia/Calcutta" };
        await using var renamed = host.NewServices(new ZoneRules(DateTimeZoneProviders.Tzdb, "9999a", names));
        await renamed.GetRequiredService<EventIntake>().ApplyAsync([TestEvent.FirstResponse(1)], CancellationToken.None);

        (await host.TotalAsync(1, "first_response"))!.Count.ShouldBe(2);
        (await CoveredDays.CheckAsync(host.DataSource, 1)).ShouldBe(1);
        (await host.DifferencesAsync(1)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Changed_rules_of_past_days_uncover_them_at_once_and_reconcile_has_them_rebuilt()
    {
        await host.AddAccountAsync(2);
        await host.ApplyAsync(TestEvent.FirstResponse(2), TestEvent.FirstResponse(2, at: Late));
        await using var newer = host.NewServices(Newer);

        var report = await CountAsync(newer, 2);
        (report.Covered, report.Count).ShouldBe((false, 2));
        (await newer.GetRequiredService<RollupVerifier>().VerifyAsync(2)).DaysCutOtherwise.ShouldBe(1);

        await ReportingHost.ReconcileAsync(newer, 2);

        (await newer.GetRequiredService<RollupVerifier>().VerifyAsync(2)).DaysCutOtherwise.ShouldBe(0);
        (await newer.GetRequiredService<RollupVerifier>().VerifyAsync(2)).Differences.ShouldBeEmpty();
        (await CountAsync(newer, 2)).ShouldBe((true, 2));
        (await host.RollupsAsync(2)).Count(row => row.Dimension == "account" && row.Metric == "first_response").ShouldBe(2);
    }

    [Fact]
    public async Task A_day_that_waits_to_be_rebuilt_is_counted_once_whatever_its_window()
    {
        await host.AddAccountAsync(8);
        await host.ApplyAsync(TestEvent.FirstResponse(8));
        var before = await UncoveredDayCount.CountAsync(host.DataSource, Newer, CancellationToken.None);
        await host.ExecuteAsync("UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = 8");

        var after = await UncoveredDayCount.CountAsync(host.DataSource, Newer, CancellationToken.None);

        (after.Dirty, after.CutOtherwise).ShouldBe((before.Dirty + 1, before.CutOtherwise - 1));
        await using var newer = host.NewServices(Newer);
        (await newer.GetRequiredService<RollupVerifier>().VerifyAsync(8)).DaysCutOtherwise.ShouldBe(1, "it speaks of all days");
    }

    [Fact]
    public async Task Days_to_come_that_an_older_app_has_begun_are_rebuilt_by_the_newer_one()
    {
        await host.AddAccountAsync(3);
        await host.ApplyAsync(TestEvent.FirstResponse(3, at: TestEvent.Noon + Duration.FromDays(30)));
        await using var newer = host.NewServices(Newer);

        await newer.GetRequiredService<EventIntake>().ApplyAsync([TestEvent.FirstResponse(3, at: TestEvent.Noon + Duration.FromDays(30))], CancellationToken.None);

        (await host.DayAsync(3, TestEvent.Day.PlusDays(30)))!.State.ShouldBe("dirty");
        await ReportingHost.ReconcileAsync(newer, 3);
        (await newer.GetRequiredService<RollupVerifier>().VerifyAsync(3)).Differences.ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_versions_side_by_side_never_mix_two_cuts_in_a_day_and_never_cover_what_one_of_them_lacks()
    {
        await host.AddAccountAsync(4);
        await using var newer = host.NewServices(Newer);
        var intakes = new[] { host.Get<EventIntake>(), newer.GetRequiredService<EventIntake>() };
        var random = new Random(4);
        var stored = 0;
        for (var round = 0; round < 60; round++)
        {
            var at = Late + Duration.FromMinutes(random.Next(-4_000, 1_000));
            await intakes[random.Next(2)].ApplyAsync([TestEvent.FirstResponse(4, at: at)], CancellationToken.None);
            stored++;
            if (round % 7 == 0) await RebuildAsync(random.Next(2) == 0 ? newer : null, 4, TestEvent.Day.PlusDays(-random.Next(3)));

            await host.ExecuteAsync("UPDATE reporting.accounts SET report_rollup = true WHERE id = 4");
            (await CountAsync(null, 4)).Count.ShouldBe(stored, $"the older app, round {round}");
            (await CountAsync(newer, 4)).Count.ShouldBe(stored, $"the newer app, round {round}");
            await CoveredDays.CheckAsync(host.DataSource, 4);
        }

        // When only the newer one is left, everything comes right.
        await ReportingHost.ReconcileAsync(newer, 4);
        await ReportingHost.ReconcileAsync(newer, 4);
        (await newer.GetRequiredService<RollupVerifier>().VerifyAsync(4)).Differences.ShouldBeEmpty();
        (await CountAsync(newer, 4)).ShouldBe((true, stored));
    }

    [Fact]
    public async Task What_an_older_app_cuts_after_a_newer_one_has_compared_is_found_too()
    {
        await host.AddAccountAsync(7);
        await host.ApplyAsync(TestEvent.FirstResponse(7));
        await using var newer = host.NewServices(Newer);
        await ReportingHost.ReconcileAsync(newer, 7);
        await host.ApplyAsync(TestEvent.FirstResponse(7, at: TestEvent.Noon - Duration.FromDays(40)));
        (await newer.GetRequiredService<RollupVerifier>().VerifyAsync(7)).DaysCutOtherwise.ShouldBe(1);

        await ReportingHost.ReconcileAsync(newer, 7);

        (await newer.GetRequiredService<RollupVerifier>().VerifyAsync(7)).DaysCutOtherwise.ShouldBe(0);
    }

    [Fact]
    public async Task From_one_name_of_a_zone_to_another_nothing_is_rebuilt()
    {
        await host.AddAccountAsync(5, "Etc/UTC");
        await host.ApplyAsync(TestEvent.FirstResponse(5));
        (await host.Get<AccountStore>().SetTimezoneAsync(5, "Etc/GMT")).Backfill.ShouldBeNull();

        await host.ApplyAsync(TestEvent.FirstResponse(5));
        (await host.DayAsync(5, TestEvent.Day)).ShouldBe(new StoredDay("Europe/London", "live", 2), "the first of the zones that cut this window");
        (await host.DifferencesAsync(5)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_backfill_has_the_days_that_hold_something_however_far_apart()
    {
        await host.AddAccountAsync(6);
        await host.AddRawAsync([.. new[] { 1970, 1998, 2026 }.Select(year => TestEvent.FirstResponse(6, at: Instant.FromUtc(year, 1, 5, 12, 0))), TestEvent.FirstResponse(6, at: Instant.FromUtc(2199, 1, 5, 12, 0))]);
        var plan = await host.Get<BackfillPlanner>().PlanAsync(6);
        plan.DayCount.ShouldBe(3, "the day of 2199 is still to come");

        var change = await host.Get<AccountStore>().SetTimezoneAsync(6, "Asia/Tokyo");
        change.Backfill!.DaysTotal.ShouldBe(4);
        await host.RunAsync(change.Backfill);
        (await host.Get<BackfillRequests>().GetAsync(change.Backfill.Id)).State.ShouldBe("completed");
        (await host.Get<RollupVerifier>().VerifyAsync(6)).DaysChecked.ShouldBe(4);
        var report = await host.Get<ReportReader>().ReadAsync(new SeriesRequest
        {
            AccountId = 6, Metric = ReportMetric.AverageFirstResponseTime, GroupBy = ReportPeriod.Month, From = Instant.FromUtc(1990, 1, 4, 15, 0), To = Instant.FromUtc(1991, 1, 4, 15, 0),
        });
        report.Covered.ShouldBeTrue("the days between have no events, and that is known");
    }

    private async Task RebuildAsync(IServiceProvider? services, long account, LocalDate date) =>
        await (services?.GetRequiredService<BackfillWorker>() ?? host.Get<BackfillWorker>()).RebuildAsync($$"""{"accountId": {{account}}, "date": "{{date:uuuu-MM-dd}}"}""", "message");

    private async Task<(bool Covered, long Count)> CountAsync(IServiceProvider? services, long account)
    {
        var report = await (services?.GetRequiredService<ReportReader>() ?? host.Get<ReportReader>()).ReadAsync(new SeriesRequest
        {
            AccountId = account, Metric = ReportMetric.AverageFirstResponseTime, GroupBy = ReportPeriod.Day, From = Late - Duration.FromDays(6), To = Late + Duration.FromDays(3),
        });
        return (report.Covered, report.Series.Sum(point => point.Count));
    }
}
