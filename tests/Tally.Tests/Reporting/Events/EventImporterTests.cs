using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Events;

/// <summary>History brought straight into the raw events.</summary>
public sealed class EventImporterTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    [Fact]
    public async Task Imported_days_are_dirty_until_they_are_rebuilt()
    {
        await host.AddAccountAsync(1);
        var events = Days(1, 40);

        (await ImportAsync(events)).ShouldBe(new ImportResult(40, 40, 0, 40));

        (await host.RollupsAsync(1)).ShouldBeEmpty();
        (await host.DayAsync(1, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "dirty", 1));
        (await CoveredDays.CheckAsync(host.DataSource, 1)).ShouldBe(0);
        await host.RunAsync(await RequestAsync(1));
        (await CoveredDays.CheckAsync(host.DataSource, 1)).ShouldBe(40);
        (await host.DifferencesAsync(1)).ShouldBeEmpty();
        (await StoredEvents.ReadAsync(host.DataSource, 1)).ShouldBe(events.OrderBy(one => one.CreatedAt));
    }

    [Fact]
    public async Task Importing_again_changes_nothing_and_dirties_nothing()
    {
        await host.AddAccountAsync(2);
        var events = Days(2, 5);
        await ImportAsync(events);
        await host.RunAsync(await RequestAsync(2));

        var again = await ImportAsync(events);

        (again, again.Duplicates).ShouldBe((new ImportResult(5, 0, 0, 0), 5));
        (await CoveredDays.CheckAsync(host.DataSource, 2)).ShouldBe(5);
    }

    [Fact]
    public async Task Of_the_same_id_twice_the_first_line_wins_and_the_day_counts_one()
    {
        await host.AddAccountAsync(77);
        var first = TestEvent.FirstResponse(77);
        var earlier = first with { CreatedAt = first.CreatedAt - Duration.FromHours(1) };

        var result = await ImportAsync([first, earlier, first]);

        (result, result.Duplicates).ShouldBe((new ImportResult(3, 1, 1, 1), 1));
        (await StoredEvents.ReadAsync(host.DataSource, 77)).ShouldBe([first]);
        (await host.DayAsync(77, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "dirty", 1));
    }

    [Fact]
    public async Task An_import_uncovers_a_day_that_was_complete_or_live()
    {
        await host.AddAccountAsync(3);
        await host.ApplyAsync(TestEvent.FirstResponse(3), TestEvent.FirstResponse(3, at: TestEvent.Noon - Duration.FromDays(1)));
        await host.RebuildAsync(3, TestEvent.Day);

        await ImportAsync(Days(3, 2));

        (await host.DayAsync(3, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "dirty", 2));
        (await host.DayAsync(3, TestEvent.Day.PlusDays(-1))).ShouldBe(new StoredDay("America/New_York", "dirty", 2));
    }

    [Fact]
    public async Task A_conflict_is_counted_and_the_first_stays()
    {
        await host.AddAccountAsync(4);
        var events = Days(4, 3);
        await ImportAsync(events);

        var result = await ImportAsync([events[0] with { Value = 5 }, events[1], events[2] with { CreatedAt = TestEvent.Noon + Duration.FromDays(9) }, TestEvent.FirstResponse(4)]);

        (result, result.Duplicates).ShouldBe((new ImportResult(4, 1, 2, 1), 1));
        (await StoredEvents.ReadAsync(host.DataSource, 4)).Where(one => events.Contains(one)).Count().ShouldBe(3);
    }

    [Fact]
    public async Task An_id_that_the_history_itself_repeats_is_stored_once()
    {
        await host.AddAccountAsync(5);
        var one = TestEvent.FirstResponse(5);

        var result = await ImportAsync([one, one, one with { Value = 7 }]);

        (result.Read, result.Inserted, result.Conflicts + result.Duplicates).ShouldBe((3, 1, 2));
        (await StoredEvents.ReadAsync(host.DataSource, 5)).Count.ShouldBe(1);
        await host.RebuildAsync(5, TestEvent.Day);
        (await host.TotalAsync(5, "first_response"))!.Count.ShouldBe(1);
        (await host.DayAsync(5, TestEvent.Day))!.EventsCount.ShouldBe(1);
    }

    [Fact]
    public async Task An_event_that_came_live_is_a_duplicate_in_the_history_and_the_other_way_round()
    {
        await host.AddAccountAsync(6);
        var (live, imported) = (TestEvent.FirstResponse(6), TestEvent.FirstResponse(6));
        await host.ApplyAsync(live);

        (await ImportAsync([live, imported])).ShouldBe(new ImportResult(2, 1, 0, 1));
        (await host.ApplyAsync(imported)).ShouldBe([EventOutcome.Duplicate]);

        await host.RebuildAsync(6, TestEvent.Day);
        (await host.TotalAsync(6, "first_response"))!.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_live_event_on_a_dirty_day_is_in_its_rebuild_once()
    {
        await host.AddAccountAsync(7);
        await ImportAsync(Days(7, 1));

        await host.ApplyAsync(TestEvent.FirstResponse(7), TestEvent.Handoff(7, 1));

        (await CoveredDays.CheckAsync(host.DataSource, 7)).ShouldBe(0);
        await host.RebuildAsync(7, TestEvent.Day);
        (await host.TotalAsync(7, "first_response"))!.Count.ShouldBe(2);
        (await host.DayAsync(7, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "complete", 3));
    }

    [Fact]
    public async Task A_zone_that_changes_before_the_commit_cuts_the_days_anew()
    {
        await host.AddAccountAsync(8);
        await host.ApplyAsync(TestEvent.Of(8, "unknown", at: TestEvent.Noon - Duration.FromDays(99)));
        // In New York the 11th, in Tokyo the 12th.
        var evening = Instant.FromUtc(2026, 2, 12, 1, 0);
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Account(8));
        var import = ImportAsync([TestEvent.FirstResponse(8, at: evening)]);
        await Sessions.ParkedAsync(host.DataSource, import, 1);
        await barrier.ExecuteAsync("UPDATE reporting.accounts SET reporting_timezone = 'Asia/Tokyo' WHERE id = 8");
        await barrier.ReleaseAsync();

        (await import).ShouldBe(new ImportResult(1, 1, 0, 1));

        (await host.DayAsync(8, TestEvent.Day.PlusDays(1))).ShouldBe(new StoredDay("Asia/Tokyo", "dirty", 1));
        (await host.DayAsync(8, TestEvent.Day)).ShouldBeNull();
    }

    [Fact]
    public async Task A_rebuild_beside_an_import_leaves_the_day_dirty_or_whole()
    {
        await host.AddAccountAsync(9);
        await host.ApplyAsync(TestEvent.FirstResponse(9));
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Day(9, TestEvent.Day));
        await using var other = host.NewServices();
        var rebuild = host.RebuildAsync(9, TestEvent.Day);
        await Sessions.ParkedAsync(host.DataSource, rebuild, 1);
        var import = other.GetRequiredService<EventImporter>().ImportAsync(Days(9, 1).ToAsyncEnumerable());
        await Sessions.ParkedAsync(host.DataSource, import, 2);
        import.IsCompleted.ShouldBeFalse();
        await barrier.ReleaseAsync();
        await Task.WhenAll(rebuild, import);

        (await host.DayAsync(9, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "dirty", 2));
        (await CoveredDays.CheckAsync(host.DataSource, 9)).ShouldBe(0);
    }

    [Fact]
    public async Task History_of_an_account_without_zone_waits_for_one()
    {
        await host.AddAccountAsync(10, null);

        (await ImportAsync(Days(10, 3))).ShouldBe(new ImportResult(3, 3, 0, 0));

        var change = await host.Get<AccountStore>().SetTimezoneAsync(10, "Asia/Kathmandu");
        await host.RunAsync(change.Backfill!);
        (await CoveredDays.CheckAsync(host.DataSource, 10)).ShouldBe(3);
        (await host.DifferencesAsync(10)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_unknown_account_stops_the_import_and_what_came_before_stays()
    {
        await host.AddAccountAsync(11);
        // More days than one transaction takes, of an account that sorts first.
        var events = Days(11, 600).Append(TestEvent.FirstResponse(404)).ToArray();

        (await Should.ThrowAsync<UnknownAccountException>(() => ImportAsync(events))).AccountId.ShouldBe(404);

        (await StoredEvents.ReadAsync(host.DataSource, 11)).Count.ShouldBe(512);
        await host.AddAccountAsync(404);
        (await ImportAsync(events)).ShouldBe(new ImportResult(601, 89, 0, 89));
    }

    [Fact]
    public async Task A_large_history_in_any_order_is_told_as_it_goes()
    {
        await host.AddAccountAsync(12);
        await host.AddAccountAsync(13, "Australia/Lord_Howe");
        var random = new Random(4711);
        var events = Enumerable.Range(0, 12_000).Select(index => TestEvent.FirstResponse(12 + index % 2, index, TestEvent.Noon - Duration.FromMinutes(1_440 + index * 10))).ToArray();
        random.Shuffle(events);
        var told = new List<long>();

        var result = await host.Get<EventImporter>().ImportAsync(events.ToAsyncEnumerable(), new Told(told));

        (result.Read, result.Inserted, result.Conflicts).ShouldBe((12_000, 12_000, 0));
        told[^1].ShouldBe(12_000);
        told.ShouldBe(told.Order());
        foreach (var account in new[] { 12L, 13L })
        {
            await host.RunAsync(await RequestAsync(account));
            (await host.DifferencesAsync(account)).ShouldBeEmpty();
            (await CoveredDays.CheckAsync(host.DataSource, account)).ShouldBeInRange(84, 85);
        }
    }

    [Fact]
    public async Task A_day_that_takes_several_transactions_is_one_day()
    {
        await host.AddAccountAsync(15);
        await host.AddAccountAsync(16);
        // More than one transaction takes, on one day of each account; the second account's begins in the first one's last transaction.
        var events = Enumerable.Range(0, 22_000).Select(index => TestEvent.FirstResponse(15 + index % 2, at: TestEvent.Noon + Duration.FromMilliseconds(index))).ToArray();

        (await ImportAsync(events)).ShouldBe(new ImportResult(22_000, 22_000, 0, 2));
        (await ImportAsync([events[0], TestEvent.FirstResponse(15), TestEvent.FirstResponse(16)])).ShouldBe(new ImportResult(3, 2, 0, 2));
    }

    [Fact]
    public async Task Late_history_of_a_day_whose_events_are_gone_is_added_to_its_base()
    {
        await host.AddAccountAsync(14);
        await host.ApplyAsync(TestEvent.FirstResponse(14));
        await host.ExecuteAsync("DELETE FROM reporting.reporting_events WHERE account_id = 14");
        await host.RebuildAsync(14, TestEvent.Day);

        await ImportAsync(Days(14, 1));

        (await host.DayAsync(14, TestEvent.Day))!.State.ShouldBe("dirty");
        (await host.RebuildAsync(14, TestEvent.Day)).ShouldBe(RebuildOutcome.Rebuilt);
        (await host.TotalAsync(14, "first_response"))!.Count.ShouldBe(2);
        (await host.DifferencesAsync(14)).ShouldBeEmpty();
    }

    private Task<ImportResult> ImportAsync(IEnumerable<ReportingEvent> events) => host.Get<EventImporter>().ImportAsync(events.ToAsyncEnumerable());

    private async Task<BackfillRequest> RequestAsync(long account) => await host.Get<BackfillRequests>().RequestAsync(await host.Get<BackfillPlanner>().PlanAsync(account));

    /// <summary>An event on each of these days up to <see cref="TestEvent.Day"/>.</summary>
    private static ReportingEvent[] Days(long account, int days) =>
        [.. Enumerable.Range(0, days).Select(day => TestEvent.FirstResponse(account, at: TestEvent.Noon - Duration.FromDays(day)))];

    private sealed class Told(List<long> values) : IProgress<long>
    {
        public void Report(long value) => values.Add(value);
    }
}
