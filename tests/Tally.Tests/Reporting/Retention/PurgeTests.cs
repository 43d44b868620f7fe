using FsCheck.Xunit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Passes;
using Tally.Reporting.Poison;
using Tally.Reporting.Reconcile;
using Tally.Reporting.Reports;
using Tally.Reporting.Retention;
using Tally.Reporting.Rollups;
using Tally.Scheduling;
using Tally.Tests.Reporting.Reports;
using Xunit;

namespace Tally.Tests.Reporting.Retention;

/// <summary>Purging changes no number, and no message that comes again does.</summary>
public sealed class PurgeTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private static readonly LocalDate After = TestEvent.Day.PlusDays(1);
    private static long _lastAccount;

    private readonly long _account = Interlocked.Increment(ref _lastAccount);

    [Property(MaxTest = 25)]
    public async Task Reports_say_the_same_after_a_purge_or_name_the_days_that_they_miss(int seed)
    {
        host.Clock.Reset(Instant.FromUtc(2027, 1, 1, 0, 0));
        var world = await ReportWorld.BuildAsync(host, 1_000_000 + Interlocked.Increment(ref _lastAccount), seed, isSpoiled: false);
        await host.Get<EventPurger>().PurgeAsync(world.AccountId, world.Days[world.Days.Count / 2]);
        var answered = 0;
        for (var index = 0; index < 30; index++)
        {
            var request = world.NextSeries();
            var report = await host.Get<ReportReader>().ReadAsync(request);
            if (request.Metric.IsAdditive && report.MissingDays.Count > 0) continue;
            report.MissingDays.ShouldBeEmpty();
            var (aggregate, series) = ReportModel.Series(world.Events, request, request.Zone?.Zone ?? world.Zone);
            report.Aggregate.ShouldBe(aggregate, $"{request}, seed {seed}");
            report.Series.Select(point => (point.Start, point.Value, point.Count)).Except(series).ShouldBeEmpty($"{request}, seed {seed}");
            answered++;
        }

        answered.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Raw_events_go_and_what_they_counted_moves_into_the_base()
    {
        await AddAccountAsync(TestEvent.FirstResponse(_account), TestEvent.Of(_account, "unknown"), TestEvent.Handoff(_account, 9));
        var rows = await RowsAsync();
        var result = await PurgeAsync();
        (result.DaysPurged, result.EventsPurged, result.EventsKept).ShouldBe((1, 2, 1));
        result.Refused.ShouldBeEmpty();
        (await StateAsync()).ShouldBe("live");
        (await StoredEvents.ReadAsync(host.DataSource, _account)).Single().Name.ShouldBe("conversation_bot_handoff");
        (await RowsAsync()).ShouldBe(rows);
        (await PurgeAsync()).DaysPurged.ShouldBe(0, "a second purge finds nothing");
    }

    [Fact]
    public async Task A_message_that_comes_again_after_a_purge_changes_nothing()
    {
        var one = TestEvent.FirstResponse(_account);
        await AddAccountAsync(one);
        await PurgeAsync();
        var rows = await RowsAsync();
        var second = TestEvent.FirstResponse(_account);
        (await host.ApplyAsync(one, second, one with { Value = 5 })).ShouldBe([EventOutcome.Duplicate, EventOutcome.Applied, EventOutcome.Duplicate]);
        (await RowsAsync()).Select(row => row.Count).ShouldBe(rows.Select(row => row.Count + 1));
        (await StoredEvents.ReadAsync(host.DataSource, _account)).Single().Id.ShouldBe(second.Id);
    }

    [Fact]
    public async Task An_import_that_is_repeated_after_a_purge_changes_nothing()
    {
        var one = TestEvent.FirstResponse(_account);
        await AddAccountAsync(one);
        await PurgeAsync();
        var result = await host.Get<EventImporter>().ImportAsync(new[] { one }.ToAsyncEnumerable());
        (result.Inserted, result.Duplicates, result.Conflicts).ShouldBe((0, 1, 0));
        (await StateAsync()).ShouldBe("live");
    }

    [Theory]
    [InlineData("UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = @_account", nameof(PurgeRefusal.NotCovered))]
    [InlineData("UPDATE reporting.reporting_days SET day_start = day_start - interval '1 hour' WHERE account_id = @_account", nameof(PurgeRefusal.NotCovered))]
    [InlineData("UPDATE reporting.reporting_events_rollups SET count = 3 WHERE account_id = @_account", nameof(PurgeRefusal.Differs))]
    public async Task A_day_that_is_not_known_to_be_right_keeps_its_events(string spoil, string refusalName)
    {
        var refusal = Enum.Parse<PurgeRefusal>(refusalName);
        await AddAccountAsync(TestEvent.FirstResponse(_account));
        await host.ExecuteAsync(spoil, new { _account });
        var result = await PurgeAsync();
        (result.DaysPurged, result.EventsPurged).ShouldBe((0, 0));
        result.Refused.ShouldBe([(TestEvent.Day, refusal)]);
        (await StoredEvents.ReadAsync(host.DataSource, _account)).Count.ShouldBe(1);
        (await host.Get<DriftLog>().ReadAsync(_account)).Any().ShouldBe(refusal == PurgeRefusal.Differs);
        if (refusal == PurgeRefusal.Differs) (await StateAsync()).ShouldBe("dirty");
    }

    [Fact]
    public async Task A_day_that_has_not_ended_is_left()
    {
        await AddAccountAsync(TestEvent.FirstResponse(_account, at: host.Clock.GetCurrentInstant()));
        var result = await PurgeAsync(After.PlusDays(100));
        (result.DaysPurged, result.Refused.Count).ShouldBe((0, 0));
    }

    [Fact]
    public async Task A_backfill_after_a_purge_wipes_nothing()
    {
        await AddAccountAsync(TestEvent.FirstResponse(_account));
        await PurgeAsync();
        var rows = await RowsAsync();
        var request = await host.Get<BackfillRequests>().RequestAsync(await host.Get<BackfillPlanner>().PlanAsync(_account, TestEvent.Day, TestEvent.Day));
        var outcomes = new List<RebuildOutcome>();
        await foreach (var (_, outcome) in host.Get<BackfillWorker>().RebuildInlineAsync(request)) outcomes.Add(outcome);
        outcomes.ShouldBe([RebuildOutcome.Unchanged]);
        (await RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task A_late_event_of_a_purged_day_counts_and_is_purged_in_its_turn()
    {
        await AddAccountAsync(TestEvent.FirstResponse(_account, 80));
        await PurgeAsync();
        await host.ApplyAsync(TestEvent.FirstResponse(_account, 100));
        var midnight = Instant.FromUtc(2026, 2, 11, 5, 0);
        var request = new SeriesRequest { AccountId = _account, Metric = ReportMetric.AverageFirstResponseTime, From = midnight, To = midnight + Duration.FromDays(1) };
        var report = await host.Get<ReportReader>().ReadAsync(request);
        (report.Source, report.Covered, report.Aggregate).ShouldBe((ReportSource.Rollup, true, 90m), "purged days come from rollups even where reports read raw events");
        (await host.Get<ReportReader>().ReadAsync(request with { Source = ReportSourceChoice.Raw })).MissingDays.ShouldBe([TestEvent.Day]);
        (await PurgeAsync()).EventsPurged.ShouldBe(1);
        (await host.Get<ReportReader>().ReadAsync(request)).Aggregate.ShouldBe(90m);
        (await host.DifferencesAsync(_account)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_purge_beside_live_events_and_redelivery_counts_each_event_once()
    {
        await AddAccountAsync();
        var events = Enumerable.Range(0, 60).Select(index => TestEvent.FirstResponse(_account, index)).ToList();
        await Task.WhenAll(
            Task.WhenAll(events.Select(one => host.ApplyAsync(one))),
            Task.WhenAll(events.Select(one => host.ApplyAsync(one))),
            PurgeAsync(),
            Task.WhenAll(events.Select(one => host.ApplyAsync(one))));
        (await RowsAsync()).ShouldAllBe(row => row.Count == 60 && row.SumValue == events.Sum(one => one.Value));
    }

    [Fact]
    public async Task The_timer_removes_nothing_unless_a_retention_is_set()
    {
        await AddAccountAsync(TestEvent.FirstResponse(_account));
        (await SchedulePurge(new ReportingOptions()).RunAsync(new RuntimeLimiter(() => false))).DaysPurged.ShouldBe(0);
        (await SchedulePurge(new ReportingOptions { RetentionDays = 1 }).RunAsync(new RuntimeLimiter(() => false))).DaysPurged.ShouldBe(0, "yesterday is still wanted");
        host.Clock.AdvanceDays(1);
        var result = await SchedulePurge(new ReportingOptions { RetentionDays = 1 }).RunAsync(new RuntimeLimiter(() => false));
        (result.Outcome, result.DaysPurged > 0).ShouldBe((RunOutcome.Completed, true));
        (await StateAsync()).ShouldBe("live");
        host.Clock.AdvanceDays(-1);
    }

    [Fact]
    public async Task The_timer_stops_when_time_is_up_and_goes_on_with_the_next_account()
    {
        await host.ExecuteAsync("TRUNCATE reporting.accounts, reporting.reporting_events, reporting.reporting_days, reporting.account_passes");
        var other = _account + 500_000;
        await AddAccountAsync([.. Enumerable.Range(0, 3).Select(back => TestEvent.FirstResponse(_account, at: TestEvent.Noon - Duration.FromDays(back)))]);
        await host.AddAccountAsync(other);
        await host.ApplyAsync(TestEvent.FirstResponse(other));
        host.Clock.AdvanceDays(1);
        var purge = SchedulePurge(new ReportingOptions { RetentionDays = 1 });
        (await purge.RunAsync(RuntimeLimiter.OverAfter(0))).ShouldBe(new ScheduledPurgeResult(RunOutcome.TimeUp, 1, 1, 0));
        (await purge.RunAsync(RuntimeLimiter.OverAfter(0))).DaysPurged.ShouldBe(1);
        (await StoredEvents.ReadAsync(host.DataSource, other)).ShouldBeEmpty("the second run began with the second account");
        (await purge.RunAsync(new RuntimeLimiter(() => false))).DaysPurged.ShouldBe(2);
        host.Clock.AdvanceDays(-1);
    }

    [Fact]
    public async Task A_purged_event_that_comes_again_years_later_is_not_counted_twice()
    {
        var one = TestEvent.FirstResponse(_account);
        await AddAccountAsync(one);
        await PurgeAsync();
        var counted = await host.RollupsAsync(_account);
        host.Clock.AdvanceDays(3_650);
        await SchedulePurge(new ReportingOptions()).RunAsync(new RuntimeLimiter(() => false));

        await host.ApplyAsync(one);
        await host.Get<EventImporter>().ImportAsync(new[] { one }.ToAsyncEnumerable());

        (await RememberedAsync()).ShouldBe(1);
        (await StoredEvents.ReadAsync(host.DataSource, _account)).ShouldBeEmpty();
        (await host.RollupsAsync(_account)).ShouldBe(counted);
        host.Clock.Reset(Instant.FromUtc(2026, 2, 12, 10, 0));
    }

    [Fact]
    public async Task A_purge_renews_its_lease_with_every_day_that_it_removes()
    {
        await host.ExecuteAsync("TRUNCATE reporting.accounts, reporting.reporting_events, reporting.reporting_days, reporting.account_passes");
        await AddAccountAsync([.. Enumerable.Range(0, 5).Select(back => TestEvent.FirstResponse(_account, at: TestEvent.Noon - Duration.FromDays(back)))]);
        host.Clock.AdvanceDays(1);
        var isHeld = new List<bool>();
        var limiter = new RuntimeLimiter(() =>
        {
            isHeld.AddRange(host.QueryAsync<bool>("SELECT lease_until > now() FROM reporting.account_passes WHERE finished_at IS NULL").GetAwaiter().GetResult());
            host.ExecuteAsync("UPDATE reporting.account_passes SET lease_until = '-infinity' WHERE finished_at IS NULL").GetAwaiter().GetResult();
            return false;
        });

        (await SchedulePurge(new ReportingOptions { RetentionDays = 1 }).RunAsync(limiter)).DaysPurged.ShouldBe(5);

        isHeld.Count.ShouldBeGreaterThanOrEqualTo(5);
        isHeld.Take(5).ShouldAllBe(held => held, "it had run out after the day before");
        host.Clock.AdvanceDays(-1);
    }

    [Fact]
    public async Task Ids_are_forgotten_when_their_messages_can_come_no_more()
    {
        var one = TestEvent.FirstResponse(_account);
        await AddAccountAsync(one);
        await PurgeAsync();
        var options = new ReportingOptions { PurgedEventDays = 30 };
        host.Clock.AdvanceDays(30);
        await SchedulePurge(options).RunAsync(new RuntimeLimiter(() => false));
        (await RememberedAsync()).ShouldBe(1);
        host.Clock.AdvanceMinutes(1);
        await SchedulePurge(options).RunAsync(new RuntimeLimiter(() => false));
        (await RememberedAsync()).ShouldBe(0);
        host.Clock.Reset(Instant.FromUtc(2026, 2, 12, 10, 0));
    }

    private async Task AddAccountAsync(params ReportingEvent[] events)
    {
        host.Clock.Reset(Instant.FromUtc(2026, 2, 12, 10, 0));
        await host.AddAccountAsync(_account);
        if (events.Length > 0) await host.ApplyAsync(events);
    }

    private Task<PurgeResult> PurgeAsync(LocalDate? before = null) => host.Get<EventPurger>().PurgeAsync(_account, before ?? After);

    private ScheduledPurge SchedulePurge(ReportingOptions options) => new(
        host.DataSource, host.Get<AccountPasses>(), host.Get<EventPurger>(), new WorkRecordPurger(host.DataSource, Options.Create(options), host.Clock), host.Get<PoisonLog>(), Options.Create(options), host.Clock, NullLogger<ScheduledPurge>.Instance);

    private async Task<string> StateAsync() => (await host.QueryAsync<string>(
        "SELECT state FROM reporting.reporting_days WHERE account_id = @_account AND date = '2026-02-11'", new { _account })).Single();

    private async Task<long> RememberedAsync() => (await host.QueryAsync<long>("SELECT count(*) FROM reporting.purged_events WHERE account_id = @_account", new { _account })).Single();

    private Task<IReadOnlyList<RollupRow>> RowsAsync() => host.Get<RollupReader>().ReadAsync(_account, new LocalDate(1970, 1, 1), new LocalDate(2199, 1, 1));
}
