using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using NodaTime.TimeZones;
using Shouldly;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;
using Tally.Reporting.Retention;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>
/// Histories in which everything happens to an account in any order: events live, imported, late and again; erased, purged,
/// removed by hand; zones changed; days rebuilt; by two apps whose time zone data differ. What was taken in is counted once.
/// </summary>
public sealed class RandomHistoryTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private static readonly string[] Zones = ["America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Etc/UTC", "Pacific/Chatham"];

    private static readonly ZoneRules NewerRules = new(new MovedZones("America/New_York", "America/Halifax"), "9999z", TzdbDateTimeZoneSource.Default.CanonicalIdMap);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task What_was_taken_in_is_counted_once_whatever_happens(int seed)
    {
        await using var newer = host.NewServices(NewerRules);
        await host.AddAccountAsync(seed);
        await host.ExecuteAsync("UPDATE reporting.accounts SET report_rollup = true WHERE id = @seed", new { seed });
        var history = new History(host, newer, seed);
        for (var step = 0; step < 60; step++)
        {
            var done = await history.StepAsync();
            await history.CheckTotalsAsync($"seed {seed}, step {step}: {done}");
        }

        await history.SettleAsync();
        await history.CheckTotalsAsync($"seed {seed}, settled");
        var verified = await newer.GetRequiredService<RollupVerifier>().VerifyAsync(seed);
        verified.Differences.ShouldBeEmpty($"seed {seed}");
        (verified.DaysCutOtherwise, (await history.ReadAsync(newer.GetRequiredService<ReportReader>())).Covered).ShouldBe((0, true), $"seed {seed}");
    }

    private sealed class History(ReportingHost host, ServiceProvider newer, int seed)
    {
        private readonly Random _random = new(seed);
        private readonly Dictionary<Guid, ReportingEvent> _counted = [];
        private readonly Dictionary<Guid, ReportingEvent> _stored = [];
        private readonly Dictionary<Guid, ReportingEvent> _refused = [];
        private readonly HashSet<Guid> _removedByHand = [];

        private IServiceProvider App => _random.Next(3) == 0 ? newer : host.Services;

        public async Task<string> StepAsync()
        {
            switch (_random.Next(12))
            {
                case 0 or 1 or 2:
                    var live = NewEvents();
                    await App.GetRequiredService<EventIntake>().ApplyAsync(live, CancellationToken.None);
                    return Take(live, "live events");
                case 3 or 4:
                    var imported = NewEvents();
                    await App.GetRequiredService<EventImporter>().ImportAsync(imported.ToAsyncEnumerable());
                    return Take(imported, "imported events");
                case 5:
                    return await EraseAsync();
                case 6:
                    var before = ADate();
                    var purged = await App.GetRequiredService<EventPurger>().PurgeAsync(seed, before);
                    foreach (var id in await GoneAsync()) _stored.Remove(id);
                    return $"{purged.EventsPurged} events before {before} purged";
                case 7:
                    var zone = Zones[_random.Next(Zones.Length)];
                    var change = await App.GetRequiredService<AccountStore>().SetTimezoneAsync(seed, zone);
                    if (change.Backfill is { } request && _random.Next(2) == 0) await host.RunAsync(request);
                    return $"zone {zone}";
                case 8:
                    await ReportingHost.ReconcileAsync(App);
                    return "reconciled";
                case 9:
                    return await RemoveByHandAsync();
                default:
                    var date = ADate();
                    var outcome = await App.GetRequiredService<BackfillWorker>().RebuildAsync($$"""{"accountId": {{seed}}, "date": "{{date:uuuu-MM-dd}}"}""", "message");
                    return $"{date} rebuilt: {outcome}";
            }
        }

        public async Task CheckTotalsAsync(string when)
        {
            foreach (var (name, services) in new[] { ("the older app", host.Services), ("the newer app", newer) })
            {
                var (_, count, average) = await ReadAsync(services.GetRequiredService<ReportReader>());
                count.ShouldBe(_counted.Count, $"{name}, {when}");
                (average * count).ShouldBe(_counted.Values.Sum(one => one.Value!.Value), 0.001m, $"{name}, {when}");
            }
        }

        public async Task<(bool Covered, long Count, decimal Average)> ReadAsync(ReportReader reader)
        {
            var report = await reader.ReadAsync(new SeriesRequest
            {
                AccountId = seed, Metric = ReportMetric.AverageFirstResponseTime, GroupBy = ReportPeriod.Year,
                From = TestEvent.Noon - Duration.FromDays(20), To = TestEvent.Noon + Duration.FromDays(20),
            });
            var point = report.Series.ShouldHaveSingleItem();
            return (report.Covered, point.Count, point.Value);
        }

        /// <summary>The timer of the newer app, once the older one has ended.</summary>
        public async Task SettleAsync()
        {
            host.Clock.AdvanceDays(1);
            for (var round = 0; round < 3; round++) await ReportingHost.ReconcileAsync(newer);
        }

        /// <summary>New ones, and some that were there before, whatever became of them.</summary>
        private List<ReportingEvent> NewEvents()
        {
            var events = Enumerable.Range(0, _random.Next(1, 5)).Select(_ => TestEvent.FirstResponse(seed, _random.Next(1, 1_000), At())).ToList();
            ReportingEvent[] known = [.. _counted.Values.Concat(_refused.Values).Where(one => !_removedByHand.Contains(one.Id))];
            if (known.Length > 0) events.Add(known[_random.Next(known.Length)]);
            return events;
        }

        private string Take(List<ReportingEvent> events, string what)
        {
            foreach (var one in events.Where(one => !_refused.ContainsKey(one.Id) && _counted.TryAdd(one.Id, one))) _stored.Add(one.Id, one);
            return $"{events.Count} {what}";
        }

        /// <summary>A stored event goes; a purged one is in its base for good; one that never came is refused.</summary>
        private async Task<string> EraseAsync()
        {
            var unseen = TestEvent.FirstResponse(seed, 5, At());
            _refused.Add(unseen.Id, unseen);
            var ids = new List<Guid> { unseen.Id };
            if (_counted.Count > 0) ids.Add(_counted.Keys.ElementAt(_random.Next(_counted.Count)));
            await App.GetRequiredService<EventEraser>().EraseAsync(seed, ids);
            foreach (var id in ids.Where(_stored.ContainsKey))
            {
                _stored.Remove(id);
                _counted.Remove(id, out var erased);
                _refused.Add(id, erased!);
            }

            return "an event erased";
        }

        /// <summary>By somebody who knows that rollups hold them: all raw events of a day that is covered. Where a day has a base, the base is believed.</summary>
        private async Task<string> RemoveByHandAsync()
        {
            var explained = await host.Get<DayExplainer>().ExplainAsync(seed, ADate());
            var day = explained.Day;
            if (!explained.Covered || explained.OtherBases > 0 || explained.Metrics.Any(metric => metric.Base is not null)) return "nothing removed by hand";
            var removed = await host.QueryAsync<Guid>(
                "DELETE FROM reporting.reporting_events WHERE account_id = @seed AND created_at >= @start AND created_at < @end RETURNING id", new { seed, start = day.Start, end = day.End });
            foreach (var id in removed) _stored.Remove(id);
            _removedByHand.UnionWith(removed);
            await App.GetRequiredService<BackfillWorker>().RebuildAsync($$"""{"accountId": {{seed}}, "date": "{{day.Date:uuuu-MM-dd}}"}""", "message");
            return $"{removed.Count} events of {day.Date} removed by hand";
        }

        private async Task<IEnumerable<Guid>> GoneAsync() =>
            _stored.Keys.Except(await host.QueryAsync<Guid>("SELECT id FROM reporting.reporting_events WHERE account_id = @seed", new { seed })).ToList();

        private LocalDate ADate() => TestEvent.Day.PlusDays(-_random.Next(0, 6));

        // Around midnight in the zones more often than not.
        private Instant At() => TestEvent.Noon - Duration.FromDays(_random.Next(0, 6)) + Duration.FromMinutes(_random.Next(-720, 720));
    }
}
