using Dapper;
using NodaTime;
using Npgsql;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;

namespace Tally.Benchmarks.Reporting;

/// <summary>Rebuilding days: the original's six queries, delete and insert beside our one statement.</summary>
internal static class RebuildBenchmark
{
    private const string Zone = "America/New_York";
    private const long LargeAccount = 1_001;

    public static async Task RunAsync(NpgsqlDataSource dataSource, string originalTables, BenchmarkScale scale, CancellationToken cancellationToken)
    {
        // A single day takes milliseconds: it is run often enough for the runtime to have compiled it for good.
        var (accounts, days, rounds, warmUps) = scale switch
        {
            { IsSmoke: true } => (20, 3, 1, 1),
            { IsRemote: true } => (100, 60, scale.RoundsOr(15), 30),
            _ => (1_000, 60, scale.RoundsOr(15), 30),
        };
        var day = LocalDay.Containing(EventLoad.Day, DateTimeZoneProviders.Tzdb[Zone]);
        await LoadAsync(dataSource, originalTables, accounts, days, cancellationToken);

        var original = new OriginalBackfill(dataSource);
        var ours = new DayRebuilder(dataSource, new AccountDirectory(dataSource, ZoneRules.Default), new BenchmarkClock());
        Task OriginalAsync(IEnumerable<long> ids, CancellationToken token) => ForEachAsync(ids, id => original.RebuildAsync(id, day, token));
        Task OursAsync(IEnumerable<long> ids, CancellationToken token) => Task.WhenAll(ids.Select(id => ours.RebuildAsync(new DayTarget(id, day.Date), token)));

        var large = new[] { LargeAccount };
        var all = Enumerable.Range(1, accounts).Select(id => (long)id).ToArray();
        Comparison.Print("A day of 2,740 events, no rows before", await Comparison.RunAsync(rounds,
        [
            new Contender("original", token => OriginalAsync(large, token), token => EmptyAsync(dataSource, token)),
            new Contender("Tally", token => OursAsync(large, token), token => EmptyAsync(dataSource, token)),
        ], cancellationToken, warmUps));
        Comparison.Print("The same day, unchanged", await Comparison.RunAsync(rounds,
        [
            new Contender("original", token => OriginalAsync(large, token)),
            new Contender("Tally", token => OursAsync(large, token)),
        ], cancellationToken, warmUps));
        Comparison.Print($"One day of {accounts} accounts, no rows before", await Comparison.RunAsync(Math.Min(rounds, 5),
        [
            new Contender("original", token => OriginalAsync(all, token), token => EmptyAsync(dataSource, token)),
            new Contender("Tally", token => OursAsync(all, token), token => EmptyAsync(dataSource, token)),
        ], cancellationToken));
        Comparison.Print($"One day of {accounts} accounts, unchanged", await Comparison.RunAsync(Math.Min(rounds, 5),
        [
            new Contender("original", token => OriginalAsync(all, token)),
            new Contender("Tally", token => OursAsync(all, token)),
        ], cancellationToken));
        await OriginalAsync(large, cancellationToken);
        await OursAsync(large, cancellationToken);
        await CheckEqualAsync(dataSource, cancellationToken);
    }

    private static async Task ForEachAsync(IEnumerable<long> ids, Func<long, Task> rebuild)
    {
        foreach (var id in ids) await rebuild(id);
    }

    /// <summary>A large account of 2,740 events a day, and small ones of 27; the same rows on both sides.</summary>
    private static async Task LoadAsync(NpgsqlDataSource dataSource, string originalTables, int accounts, int days, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(originalTables);
        await connection.ExecuteAsync("""
            TRUNCATE reporting.accounts, reporting.reporting_events, reporting.reporting_events_rollups, reporting.reporting_days;
            INSERT INTO reporting.accounts (id, reporting_timezone, timezone_set_at)
            SELECT id, @zone, '2000-01-01Z' FROM (SELECT generate_series(1, @accounts) UNION ALL SELECT @large_account) AS a (id);
            SELECT setseed(0.5);
            INSERT INTO original.reporting_events (name, value, value_in_business_hours, account_id, inbox_id, user_id, conversation_id, created_at, updated_at)
            SELECT (ARRAY['conversation_resolved', 'first_response', 'reply_time', 'reply_time', 'conversation_bot_resolved', 'conversation_bot_handoff'])[1 + floor(random() * 6)::int],
                   floor(random() * 90000), floor(random() * 30000), a.id, a.id * 10 + floor(random() * a.inboxes)::int, a.id * 100 + floor(random() * a.agents)::int,
                   1 + floor(random() * 2000)::int, d.day + random() * interval '1 day', d.day
            FROM (SELECT id, 3 AS inboxes, 5 AS agents, 27 AS events FROM generate_series(1, @accounts) AS id UNION ALL SELECT @large_account, 20, 100, 2740) AS a
            CROSS JOIN (SELECT timestamp '2026-03-02 05:00' + n * interval '1 day' AS day FROM generate_series(-@days / 2, @days / 2) AS n) AS d
            CROSS JOIN LATERAL generate_series(1, CASE WHEN d.day = timestamp '2026-03-02 05:00' OR a.id = @large_account THEN a.events ELSE a.events / 5 END) AS e;
            INSERT INTO reporting.reporting_events (account_id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id, created_at)
            SELECT account_id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id, created_at AT TIME ZONE 'UTC' FROM original.reporting_events;
            ANALYZE original.reporting_events, reporting.reporting_events;
            """, new { zone = Zone, large_account = LargeAccount, accounts, days }, commandTimeout: 600);
    }

    /// <summary>Deletes, and does not truncate: after that, and after a vacuum, every statement on the table is planned again, which a day without rows does not cause.</summary>
    private static async Task EmptyAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("""
            DELETE FROM original.reporting_events_rollups;
            DELETE FROM reporting.reporting_events_rollups;
            DELETE FROM reporting.reporting_days
            """, commandTimeout: 300, cancellationToken: cancellationToken));
    }

    private static async Task CheckEqualAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var differing = await connection.ExecuteScalarAsync<long>(new CommandDefinition("""
            SELECT count(*)
            FROM original.reporting_events_rollups o
            FULL JOIN reporting.reporting_events_rollups r USING (account_id, date, dimension_type, dimension_id, metric)
            WHERE (o.count, o.sum_value::numeric, o.sum_value_business_hours::numeric) IS DISTINCT FROM (r.count, r.sum_value, r.sum_value_business_hours)
            """, cancellationToken: cancellationToken));
        if (differing > 0) throw new InvalidOperationException($"{differing} rows differ between the original's rebuild and ours.");
    }
}
