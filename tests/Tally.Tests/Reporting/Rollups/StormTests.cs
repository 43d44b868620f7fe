using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Events;
using Xunit;

namespace Tally.Tests.Reporting.Rollups;

/// <summary>
/// Random events in random zones, redelivered, out of order, live and imported, beside rebuilds and zone changes, from several
/// processes, with sessions killed: when all has come and what is dirty is rebuilt, the rollups are those of the raw events.
/// </summary>
public sealed class StormTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private static readonly string[] Names =
    [
        "conversation_resolved", "first_response", "reply_time", "conversation_bot_resolved", "conversation_bot_handoff", "conversation_bot_handoff", "conversation_opened",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(null)]
    public Task Rollups_withstand_a_storm(int? seed) => WithSeedAsync(seed, random => RageAsync(random, kill: false));

    [Theory]
    [InlineData(3)]
    [InlineData(null)]
    public Task Rollups_withstand_a_storm_of_killed_sessions(int? seed) => WithSeedAsync(seed, random => RageAsync(random, kill: true));

    private async Task RageAsync(Random random, bool kill)
    {
        var accounts = Enumerable.Range(0, 3).Select(_ => random.NextInt64(1, long.MaxValue)).ToList();
        foreach (var account in accounts) await host.AddAccountAsync(account, Storm.Zones[random.Next(Storm.Zones.Length)]);
        var events = accounts.SelectMany(account => Events(account, random)).ToArray();
        var processes = Enumerable.Range(0, 3).Select(_ => host.NewServices()).ToList();
        var storm = new Storm(host, processes, accounts, Messages(events, random));
        var deadlocks = await Sessions.CountDeadlocksAsync(host.DataSource);

        await storm.RageAsync(random, kill);
        await RebuildWhatIsNotCoveredAsync(accounts);

        (await Sessions.CountDeadlocksAsync(host.DataSource)).ShouldBe(deadlocks);
        storm.DaysChecked.ShouldBeGreaterThan(0);
        if (kill) storm.Lost.ShouldBeGreaterThan(0);
        foreach (var account in accounts) await CheckAsync(account, [.. events.Where(one => one.AccountId == account)]);
        foreach (var process in processes) await process.DisposeAsync();
    }

    private async Task CheckAsync(long account, IReadOnlyList<ReportingEvent> events)
    {
        var zone = (await host.Get<AccountStore>().FindAsync(account))!.Zone!;

        (await StoredEvents.ReadAsync(host.DataSource, account)).ShouldBe(events, ignoreOrder: true);
        var (expected, found) = (RollupModel.Of(events, zone), await host.RollupsAsync(account));
        found.Except(expected).ShouldBeEmpty();
        expected.Except(found).ShouldBeEmpty();
        (await CoveredDays.CheckAsync(host.DataSource, account)).ShouldBeGreaterThanOrEqualTo(expected.Select(row => row.Date).Distinct().Count());
        (await host.DifferencesAsync(account)).ShouldBeEmpty();
        var counts = await host.QueryAsync<(LocalDate Date, long Count)>("SELECT date, events_count FROM reporting.reporting_days WHERE account_id = @account AND events_count > 0", new { account });
        counts.ShouldBe(events.GroupBy(one => RollupModel.DateOf(one.CreatedAt, zone)).Select(day => (day.Key, day.LongCount())), ignoreOrder: true);
    }

    /// <summary>What operators and timers do: the requests that did not come to an end, and every day that is dirty or stale.</summary>
    private async Task RebuildWhatIsNotCoveredAsync(IReadOnlyList<long> accounts)
    {
        foreach (var account in accounts)
        {
            // A zone change whose answer was lost with its session is found here too: it committed its request with it.
            foreach (var progress in await host.Get<BackfillRequests>().GetProgressAsync(account)) await host.RunAsync(progress.Request);
            var uncovered = await host.QueryAsync<LocalDate>(
                """
                SELECT date FROM reporting.reporting_days WHERE account_id = @account
                """,
                new { account });
            foreach (var date in uncovered) await host.RebuildAsync(account, date);
        }
    }

    /// <summary>Around the turns of 2025's clocks, where days are odd, and around the clock's own now, which zone changes divide.</summary>
    private ReportingEvent[] Events(long account, Random random) => [.. Enumerable.Range(0, 150).Select(_ => new ReportingEvent
    {
        Id = new Guid(Bytes(random)),
        AccountId = account,
        Name = Names[random.Next(Names.Length)],
        Value = random.Next(4) == 0 ? null : random.Next(1_000_000) / 1_000m,
        ValueInBusinessHours = random.Next(4) == 0 ? null : random.Next(1_000_000) / 1_000m,
        UserId = random.Next(4) == 0 ? null : random.Next(1, 4),
        InboxId = random.Next(4) == 0 ? null : random.Next(1, 3),
        ConversationId = random.Next(8) == 0 ? null : random.Next(1, 8),
        CreatedAt = random.Next(3) switch
        {
            0 => Instant.FromUtc(2025, 11, 1, 0, 0),
            1 => Instant.FromUtc(2025, 4, 24, 12, 0),
            _ => host.Clock.GetCurrentInstant() - Duration.FromHours(36),
        } + Duration.FromMilliseconds(random.Next(3 * 86_400_000)),
    })];

    /// <summary>Every event at least once, one in three twice, in messages of one to twelve in any order.</summary>
    private static ConcurrentQueue<ReportingEvent[]> Messages(ReportingEvent[] events, Random random)
    {
        var deliveries = events.Concat(events.Where(_ => random.Next(3) == 0)).ToArray();
        random.Shuffle(deliveries);
        var messages = new ConcurrentQueue<ReportingEvent[]>();
        for (var start = 0; start < deliveries.Length;)
        {
            var message = deliveries.Skip(start).Take(random.Next(1, 13)).ToArray();
            messages.Enqueue(message);
            start += message.Length;
        }

        return messages;
    }

    private static byte[] Bytes(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return bytes;
    }

    private static async Task WithSeedAsync(int? seed, Func<Random, Task> test)
    {
        var chosen = seed ?? Random.Shared.Next();
        try
        {
            await test(new Random(chosen));
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"With seed {chosen}: {exception.Message}", exception);
        }
    }
}
