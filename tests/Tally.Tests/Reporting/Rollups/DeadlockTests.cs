using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Rollups;

/// <summary>Writers of the same rows, started together and in opposite orders, wait for each other in one order only.</summary>
public sealed class DeadlockTests(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    private const int Accounts = 20;
    private readonly List<ServiceProvider> _processes = [];

    public async Task InitializeAsync()
    {
        for (var process = 0; process < 3; process++) _processes.Add(host.NewServices());
        await host.ExecuteAsync("INSERT INTO reporting.accounts (id, reporting_timezone) SELECT id, 'America/New_York' FROM generate_series(1, @accounts) AS id ON CONFLICT DO NOTHING", new { accounts = Accounts });
    }

    public async Task DisposeAsync()
    {
        foreach (var process in _processes) await process.DisposeAsync();
    }

    [Fact]
    public async Task Live_batches_in_opposite_orders_do_not_deadlock()
    {
        await StartTogetherAsync(Enumerable.Range(0, 12).Select(round => (Func<Task>)(() =>
        {
            var events = Days(round).Select(day => TestEvent.Of(day.Account, "conversation_resolved", 1, 1, user: day.Account % 3 + 1, at: day.At)).ToArray();
            if (round % 2 == 0) Array.Reverse(events);
            return Process(round).GetRequiredService<RollupWriter>().ApplyAsync(events, CancellationToken.None);
        })));
    }

    [Fact]
    public async Task Rebuilds_and_live_batches_of_the_same_days_in_opposite_orders_do_not_deadlock()
    {
        await host.AddRawAsync([.. Days(0).Select(day => TestEvent.FirstResponse(day.Account, at: day.At))]);

        await StartTogetherAsync(Enumerable.Range(0, 12).Select(round => (Func<Task>)(() =>
        {
            var days = Days(round).ToArray();
            if (round % 3 == 0) Array.Reverse(days);
            return round % 2 == 0
                ? Process(round).GetRequiredService<RollupWriter>().ApplyAsync([.. days.Select(day => TestEvent.FirstResponse(day.Account, at: day.At))], CancellationToken.None)
                : Process(round).GetRequiredService<DayRebuilder>().RebuildAsync([.. days.Select(day => new DayTarget(day.Account, DateOf(day.At)))], CancellationToken.None);
        })));

        for (var account = 1; account <= Accounts; account++) await CoveredDays.CheckAsync(host.DataSource, account);
    }

    [Fact]
    public async Task The_same_ids_at_once_on_other_days_in_opposite_orders_do_not_deadlock()
    {
        var ids = Enumerable.Range(0, 200).Select(_ => Guid.NewGuid()).ToArray();

        // Their days are not the same, so no lock keeps them apart: they meet at the ids.
        await StartTogetherAsync(Enumerable.Range(0, 6).Select(round => (Func<Task>)(() =>
        {
            var events = ids.Select(id => TestEvent.FirstResponse(1, at: TestEvent.Noon - Duration.FromDays(100 + round), id: id)).ToArray();
            if (round % 2 == 0) Array.Reverse(events);
            return round == 5
                ? Process(round).GetRequiredService<EventImporter>().ImportAsync(events.ToAsyncEnumerable())
                : Process(round).GetRequiredService<RollupWriter>().ApplyAsync(events, CancellationToken.None);
        })), TestEvent.Day.PlusDays(-100), TestEvent.Day.PlusDays(-105));

        (await host.ScalarAsync<long>("SELECT count(*) FROM reporting.reporting_events WHERE id = ANY(@ids)", new { ids })).ShouldBe(ids.Length);
    }

    /// <summary>Holds a day that all of them need, and lets go when all are on their way.</summary>
    private async Task StartTogetherAsync(IEnumerable<Func<Task>> operations, params LocalDate[] days)
    {
        long[] keys = [.. (days.Length == 0 ? [(1L, TestEvent.Day)] : days.Select(date => (1L, date))).Select(day => AdvisoryLocks.Day(day.Item1, day.Item2))];
        var before = await Sessions.CountDeadlocksAsync(host.DataSource);
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, keys);
        var running = operations.Select(operation => operation()).ToList();
        await Sessions.ParkedAsync(host.DataSource, Task.WhenAll(running), keys.Length);
        await barrier.ReleaseAsync();
        await Task.WhenAll(running);
        (await Sessions.CountDeadlocksAsync(host.DataSource)).ShouldBe(before);
    }

    private ServiceProvider Process(int round) => _processes[round % _processes.Count];

    /// <summary>Two days of every account, from another one on each round.</summary>
    private static IEnumerable<(long Account, Instant At)> Days(int round) =>
        from index in Enumerable.Range(0, Accounts * 2)
        let day = (index + round * 7) % (Accounts * 2)
        select ((long)(day % Accounts + 1), TestEvent.Noon + Duration.FromDays(day / Accounts));

    private static LocalDate DateOf(Instant instant) => RollupModel.DateOf(instant, TimeZones.Find("America/New_York"));
}
