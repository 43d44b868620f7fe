using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Dapper;
using NodaTime;
using Npgsql;
using Spectre.Console;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;

namespace Tally.Benchmarks.Reporting;

/// <summary>Concurrent callers applying events: the original's two transactions for each event beside ours.</summary>
internal static class EventsBenchmark
{
    private const string Zone = "America/New_York";

    private const int WarmUps = 3;

    private static readonly Scenario[] Scenarios =
    [
        new("one event, 1 caller, hot account", Accounts: 1, Callers: 1, MessageSize: 1, Messages: 1_000),
        new("one event, 32 callers, hot account", Accounts: 1, Callers: 32, MessageSize: 1, Messages: 4_000),
        new("one event, 64 callers, hot account", Accounts: 1, Callers: 64, MessageSize: 1, Messages: 4_000),
        new("one event, 32 callers, 1,000 accounts", Accounts: 1_000, Callers: 32, MessageSize: 1, Messages: 4_000),
        new("256 events, 8 callers, hot account", Accounts: 1, Callers: 8, MessageSize: 256, Messages: 16),
        new("256 events, 8 callers, 1,000 accounts", Accounts: 1_000, Callers: 8, MessageSize: 256, Messages: 16),
    ];

    public static async Task RunAsync(NpgsqlDataSource dataSource, string originalTables, BenchmarkScale scale, CancellationToken cancellationToken)
    {
        var table = new Table().Title("Applying events, per second").AddColumns("", "original", "p99 ms", "Tally", "p99 ms", "faster", "p99 original : Tally");
        foreach (var scenario in Scenarios)
        {
            var sized = scale.IsSmoke ? scenario with { Messages = scenario.MessageSize == 1 ? 64 : 8 } : scenario;
            var (original, ours) = await CompareAsync(dataSource, originalTables, sized, scale.RoundsOr(5), cancellationToken);
            table.AddRow(
                scenario.Name,
                Whole(sized.Events / original.Measurement.Median.TotalSeconds), Tenths(original.P99), Whole(sized.Events / ours.Measurement.Median.TotalSeconds), Tenths(ours.P99),
                ours.Measurement.FasterThan(original.Measurement).ToString(), Tenths(original.P99 / ours.P99));
        }

        AnsiConsole.Write(table);
    }

    private static async Task<(Side Original, Side Ours)> CompareAsync(NpgsqlDataSource dataSource, string originalTables, Scenario scenario, int rounds, CancellationToken cancellationToken)
    {
        await PrepareAsync(dataSource, originalTables, scenario.Accounts, cancellationToken);
        // As many connections as callers, never reset, as a job queue's workers have.
        await using var pool = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(dataSource.ConnectionString) { MaxPoolSize = scenario.Callers, MaxAutoPrepare = 20, AutoPrepareMinUsages = 2, NoResetOnClose = true });
        var original = new OriginalRollups(pool, DateTimeZoneProviders.Tzdb[Zone]);
        var intake = new EventIntake(new RollupWriter(dataSource, new AccountDirectory(dataSource, ZoneRules.Default), new BenchmarkClock()));

        var load = new EventLoad(scenario.Accounts, seed: 20260302);
        var sides = new[] { new Side(scenario, load), new Side(scenario, load) };
        var measurements = await Comparison.RunAsync(rounds,
        [
            sides[0].Contender("original", async (events, stop) =>
            {
                foreach (var one in events) await original.ApplyAsync(one, stop);
            }),
            sides[1].Contender("Tally", (events, stop) => intake.ApplyAsync(events, stop)),
        ], cancellationToken, WarmUps);
        await CheckEqualAsync(dataSource, scenario.Events * (rounds + WarmUps), cancellationToken);
        return (sides[0] with { Measurement = measurements[0] }, sides[1] with { Measurement = measurements[1] });
    }

    /// <summary>Accounts that have been live for a month: plans, and depths of indexes, are those of a system in use.</summary>
    private static async Task PrepareAsync(NpgsqlDataSource dataSource, string originalTables, int accounts, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(originalTables);
        await connection.ExecuteAsync("""
            TRUNCATE reporting.accounts, reporting.reporting_events, reporting.reporting_events_rollups, reporting.reporting_days;
            INSERT INTO reporting.accounts (id, reporting_timezone, timezone_set_at) SELECT id, @zone, '2000-01-01Z' FROM generate_series(1, @accounts) AS id
            """, new { zone = Zone, accounts });
        var past = new EventLoad(accounts, seed: 20260301);
        var importer = new RollupWriter(dataSource, new AccountDirectory(dataSource, ZoneRules.Default), new BenchmarkClock());
        for (var days = 30; days > 0; days--)
        {
            ReportingEvent[] events = [.. past.Next(1_000).Select(one => one with { CreatedAt = one.CreatedAt - Duration.FromDays(days) })];
            await importer.ApplyAsync(events, cancellationToken);
        }

        await connection.ExecuteAsync("""
            INSERT INTO original.reporting_events (name, value, value_in_business_hours, account_id, inbox_id, user_id, conversation_id, event_end_time, created_at, updated_at)
            SELECT name, value, value_in_business_hours, account_id, inbox_id, user_id, conversation_id, event_end_time, created_at, created_at
            FROM reporting.reporting_events ORDER BY created_at;
            INSERT INTO original.reporting_events_rollups
                (account_id, date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours, created_at, updated_at)
            SELECT account_id, date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours, created_at, updated_at
            FROM reporting.reporting_events_rollups ORDER BY 1, 2, 3, 4, 5
            """);
        await connection.ExecuteAsync("VACUUM ANALYZE");
    }

    /// <summary>Both sides applied as many events, and each side's rollups add up to what its raw events say.</summary>
    private static async Task CheckEqualAsync(NpgsqlDataSource dataSource, int events, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        const string totals = """
            SELECT (SELECT count(*) FROM {0}.reporting_events WHERE created_at >= @day) AS events,
                   (SELECT coalesce(sum(count), 0) FROM {0}.reporting_events_rollups WHERE dimension_type = 'account' AND metric <> 'bot_handoffs_count')
                 - (SELECT count(*) + count(*) FILTER (WHERE name = 'conversation_resolved') FROM {0}.reporting_events
                    WHERE name IN ('conversation_resolved', 'first_response', 'reply_time', 'conversation_bot_resolved')) AS drift
            """;
        foreach (var schema in new[] { "original", "reporting" })
        {
            var (stored, drift) = await connection.QuerySingleAsync<(long, decimal)>(totals.Replace("{0}", schema, StringComparison.Ordinal), new { day = EventLoad.Day });
            if (stored != events || drift != 0) throw new InvalidOperationException($"{schema}: {stored} of {events} events are stored, and the rollups are off by {drift}.");
        }
    }

    private static string Whole(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Tenths(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private sealed record Scenario(string Name, int Accounts, int Callers, int MessageSize, int Messages)
    {
        public int Events => Messages * MessageSize;
    }

    /// <summary>One contender's messages and latencies.</summary>
    private sealed record Side(Scenario Scenario, EventLoad Load)
    {
        private readonly ConcurrentQueue<ReportingEvent[]> _messages = new();
        private readonly ConcurrentQueue<double> _latencies = new();

        public Measurement Measurement { get; init; } = null!;

        /// <summary>Milliseconds; of the measured rounds.</summary>
        public double P99
        {
            get
            {
                var sorted = _latencies.Skip(WarmUps * Scenario.Messages).Order().ToArray();
                return sorted[sorted.Length * 99 / 100];
            }
        }

        public Contender Contender(string name, Func<ReportingEvent[], CancellationToken, Task> apply) => new(
            name,
            token => Task.WhenAll(Enumerable.Range(0, Scenario.Callers).Select(_ => Task.Run(() => CallAsync(apply, token), token))),
            PrepareAsync: _ =>
            {
                for (var index = 0; index < Scenario.Messages; index++) _messages.Enqueue(Load.Next(Scenario.MessageSize));
                return Task.CompletedTask;
            });

        private async Task CallAsync(Func<ReportingEvent[], CancellationToken, Task> apply, CancellationToken cancellationToken)
        {
            while (_messages.TryDequeue(out var message))
            {
                var started = Stopwatch.GetTimestamp();
                await apply(message, cancellationToken);
                _latencies.Enqueue(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }
    }
}

internal sealed class BenchmarkClock : IClock
{
    public Instant GetCurrentInstant() => EventLoad.Day;
}
