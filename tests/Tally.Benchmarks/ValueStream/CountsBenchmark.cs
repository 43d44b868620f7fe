using System.Diagnostics;
using System.Globalization;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Spectre.Console;
using Tally.Scheduling;
using Tally.ValueStream;

namespace Tally.Benchmarks.ValueStream;

/// <summary>Counting issues, ours beside the original's loop and beside the least that can be done: an index-only count of the same rows.</summary>
internal static class CountsBenchmark
{
    private static readonly LocalDate Month = new(2024, 5, 1);
    private static readonly IClock Clock = new FixedClock(Instant.FromUtc(2024, 5, 20, 12, 0));

    /// <summary>Loads the data, which empties the value stream schema of <paramref name="dataSource"/>, and prints what it measures.</summary>
    /// <exception cref="InvalidOperationException">The contenders do not agree.</exception>
    public static async Task RunAsync(NpgsqlDataSource dataSource, BenchmarkScale scale, CancellationToken cancellationToken)
    {
        var smoke = scale == BenchmarkScale.Smoke;
        var data = smoke ? new CountsData(4, 60, 2_000, 1_500) : new CountsData(200, 50_000, 5_000_000, 335_000);
        await data.LoadAsync(dataSource, cancellationToken);

        Task ForgetAsync(CancellationToken token) => CountsData.ForgetCountsAsync(dataSource, token);
        var gaps = new List<TimeSpan>();
        var results = new HashSet<long>();
        var measurements = await Comparison.RunAsync(
            smoke ? 1 : 5,
            [
                new(
                    "original, one project at a time",
                    token => new OriginalCounter(dataSource).RunAsync(Month, token),
                    ForgetAsync,
                    async token => results.Add(await HashAsync(dataSource, token))),
                new(
                    "Tally",
                    async token => gaps.Add(await CountAsync(dataSource, token)),
                    ForgetAsync,
                    async token => results.Add(await HashAsync(dataSource, token))),
                new("index-only count(*)", token => IndexOnlyCountAsync(dataSource, token)),
            ],
            cancellationToken);
        if (results.Count != 1) throw new InvalidOperationException("The original and Tally count differently.");

        // The first run was not measured.
        gaps.RemoveAt(0);
        Comparison.Print($"Counts of {data.Issues:N0} issues in {data.Projects:N0} projects of {data.Groups} groups", measurements);
        AnsiConsole.MarkupLine(CultureInfo.InvariantCulture, $"Tally takes {measurements[2].FasterThan(measurements[1])} of the index-only count.");
        AnsiConsole.MarkupLine(CultureInfo.InvariantCulture, $"Longest gap between two checkpoints: median {Comparison.Median(gaps).TotalMilliseconds:0.0} ms, worst of all runs {gaps.Max().TotalMilliseconds:0.0} ms.");
    }

    private static async Task<TimeSpan> CountAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var longest = TimeSpan.Zero;
        var last = Stopwatch.GetTimestamp();
        var limiter = new RuntimeLimiter(() =>
        {
            var now = Stopwatch.GetTimestamp();
            longest = Stopwatch.GetElapsedTime(last, now) is var gap && gap > longest ? gap : longest;
            last = now;
            return false;
        });
        await NewCounter(dataSource).RunAsync(limiter, cancellationToken: cancellationToken);
        return longest;
    }

    private static ValueStreamCounter NewCounter(NpgsqlDataSource dataSource) =>
        new(dataSource, new ValueStreamOptions(), Clock, NullLogger<ValueStreamCounter>.Instance, [Metric.Issues]);

    private static async Task IndexOnlyCountAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // One process, as ours is.
        await connection.ExecuteAsync("SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0");
        await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM value_stream.issues");
    }

    private static async Task<long> HashAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT sum(hashtextextended(namespace_id || ':' || metric || ':' || count, 0) % 1000000007) FROM value_stream.value_stream_dashboard_counts",
            cancellationToken: cancellationToken));
    }

    private sealed class FixedClock(Instant now) : IClock
    {
        public Instant GetCurrentInstant() => now;
    }
}
