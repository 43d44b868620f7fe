using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Dapper;
using NodaTime;
using Npgsql;
using Spectre.Console;
using Tally.Reporting;

namespace Tally.Benchmarks.Reporting;

/// <summary>Concurrent callers applying events: the original's two transactions for each event beside ours.</summary>
internal static class EventsBenchmark
{
    private const string Zone = "America/New_York";

    private static readonly Scenario[] Scenarios =
    [
        new("one event, 1 caller, hot account", Accounts: 1, Callers: 1, MessageSize: 1, Messages: 1_000),
        new("one event, 32 callers, hot account", Accounts: 1, Callers: 32, MessageSize: 1, Messages: 3_000),
        new("one event, 64 callers, hot account", Accounts: 1, Callers: 64, MessageSize: 1, Messages: 3_000),
        new("one event, 32 callers, 1,000 accounts", Accounts: 1_000, Callers: 32, MessageSize: 1, Messages: 3_000),
        new("256 events, 8 callers, hot account", Accounts: 1, Callers: 8, MessageSize: 256, Messages: 16),
        new("256 events, 8 callers, 1,000 accounts", Accounts: 1_000, Callers: 8, MessageSize: 256, Messages: 16),
    ];

    public static async Task RunAsync(NpgsqlDataSource dataSource, BenchmarkScale scale, CancellationToken cancellationToken)
    {
        var table = new Table().Title("Applying events, per second").AddColumns("", "original", "p99 ms", "Tally", "p99 ms", "faster", "p99 original : Tally");
        foreach (var scenario in Scenarios)
        {
            var sized = scale == BenchmarkScale.Smoke ? scenario with { Messages = scenario.MessageSize == 1 ? 64 : 8 } : scenario;
            var (original, ours) = await CompareAsync(dataSource, sized, rounds: scale == BenchmarkScale.Smoke ? 1 : 5, cancellationToken);
            table.AddRow(
                scenario.Name,
                Whole(sized.Events / original.Measurement.Median.TotalSeconds), Tenths(original.P99), Whole(sized.Events / ours.Measurement.Median.TotalSeconds), Tenths(ours.P99),
                ours.Measurement.FasterThan(original.Measurement).ToString(), Tenths(original.P99 / ours.P99));
        }

        AnsiConsole.Write(table);
    }

    private static async Task<(Side Original, Side Ours)> CompareAsync(NpgsqlDataSource dataSource, Scenario scenario, int rounds, CancellationToken cancellationToken)
    {
        await PrepareAsync(dataSource, scenario.Accounts, cancellationToken);
        // As many connections as callers, as a job queue's workers have.
        await using var pool = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(dataSource.ConnectionString) { MaxPoolSize = scenario.Callers, MaxAutoPrepare = 20, AutoPrepareMinUsages = 2 });
        var original = new OriginalRollups(pool, DateTimeZoneProviders.Tzdb[Zone]);
        var intake = new EventIntake(new RollupWriter(dataSource, new AccountDirectory(dataSource), new BenchmarkClock()));

        var sides = new[] { new Side(), new Side() };
        var load = new EventLoad(scenario.Accounts, seed: 20260302);
        var measurements = await Comparison.RunAsync(rounds,
        [
            new Contender("original", token => RunAsync(scenario, load, sides[0].Latencies, async (events, stop) =>
            {
                foreach (var one in events) await original.ApplyAsync(one, stop);
            }, token)),
            new Contender("Tally", token => RunAsync(scenario, load, sides[1].Latencies, (events, stop) => intake.ApplyAsync(events, stop), token)),
        ], cancellationToken);
        await CheckEqualAsync(dataSource, scenario.Events * (rounds + 1), cancellationToken);
        return (sides[0] with { Measurement = measurements[0] }, sides[1] with { Measurement = measurements[1] });
    }

    private static async Task RunAsync(Scenario scenario, EventLoad load, ConcurrentBag<double> latencies, Func<ReportingEvent[], CancellationToken, Task> apply, CancellationToken cancellationToken)
    {
        var messages = new ConcurrentQueue<ReportingEvent[]>(Enumerable.Range(0, scenario.Messages).Select(_ => load.Next(scenario.MessageSize)));
        await Task.WhenAll(Enumerable.Range(0, scenario.Callers).Select(_ => Task.Run(async () =>
        {
            while (messages.TryDequeue(out var message))
            {
                var started = Stopwatch.GetTimestamp();
                await apply(message, cancellationToken);
                latencies.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }, cancellationToken)));
    }

    private static async Task PrepareAsync(NpgsqlDataSource dataSource, int accounts, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(OriginalRollups.Schema);
        await connection.ExecuteAsync("""
            TRUNCATE reporting.accounts, reporting.reporting_events, reporting.reporting_events_rollups, reporting.reporting_days;
            INSERT INTO reporting.accounts (id, reporting_timezone, timezone_set_at) SELECT id, @Zone, '2000-01-01Z' FROM generate_series(1, @accounts) AS id
            """, new { Zone, accounts });
    }

    /// <summary>Both sides applied as many events, and each side's rollups add up to what its raw events say.</summary>
    private static async Task CheckEqualAsync(NpgsqlDataSource dataSource, int events, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        const string totals = """
            SELECT (SELECT count(*) FROM {0}.reporting_events) AS events,
                   (SELECT coalesce(sum(count), 0) FROM {0}.reporting_events_rollups WHERE dimension_type = 'account' AND metric <> 'bot_handoffs_count')
                 - (SELECT count(*) + count(*) FILTER (WHERE name = 'conversation_resolved') FROM {0}.reporting_events
                    WHERE name IN ('conversation_resolved', 'first_response', 'reply_time', 'conversation_bot_resolved')) AS drift
            """;
        foreach (var schema in new[] { "original", "reporting" })
        {
            var (stored, drift) = await connection.QuerySingleAsync<(long, decimal)>(totals.Replace("{0}", schema, StringComparison.Ordinal));
            if (stored != events || drift != 0) throw new InvalidOperationException($"{schema}: {stored} of {events} events are stored, and the rollups are off by {drift}.");
        }
    }

    private static string Whole(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Tenths(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private sealed record Scenario(string Name, int Accounts, int Callers, int MessageSize, int Messages)
    {
        public int Events => Messages * MessageSize;
    }

    private sealed record Side
    {
        public ConcurrentBag<double> Latencies { get; } = [];

        public Measurement Measurement { get; init; } = null!;

        public double P99
        {
            get
            {
                var sorted = Latencies.Order().ToArray();
                return sorted[sorted.Length * 99 / 100];
            }
        }
    }
}

internal sealed class BenchmarkClock : IClock
{
    public Instant GetCurrentInstant() => EventLoad.Day;
}
