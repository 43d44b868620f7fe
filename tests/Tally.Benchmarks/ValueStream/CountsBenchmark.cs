using System.Globalization;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Spectre.Console;
using Tally.Database;
using Tally.Scheduling;
using Tally.ValueStream;

namespace Tally.Benchmarks.ValueStream;

/// <summary>Counting issues: ours beside the original's loop, and beside the least that can be done, an index-only count of the same rows.</summary>
internal sealed class CountsBenchmark(NpgsqlDataSource dataSource, BenchmarkScale scale)
{
    private static readonly LocalDate Month = new(2024, 5, 1);

    /// <summary>Loads the data, which empties the value stream schema of <paramref name="dataSource"/>, and prints what it measures.</summary>
    /// <exception cref="InvalidOperationException">The contenders do not agree.</exception>
    public static async Task RunAsync(NpgsqlDataSource dataSource, BenchmarkScale scale, CancellationToken cancellationToken)
    {
        var benchmark = new CountsBenchmark(dataSource, scale);
        await benchmark.CompareAsync(cancellationToken);
        await benchmark.StopAsync(cancellationToken);
        await benchmark.ShareAsync(cancellationToken);
    }

    private async Task CompareAsync(CancellationToken cancellationToken)
    {
        var data = scale switch
        {
            { IsSmoke: true } => new CountsData(4, 60, 30_000, 25_000),
            { IsRemote: true } => new CountsData(20, 5_000, 500_000, 33_500),
            _ => new CountsData(200, 50_000, 5_000_000, 335_000),
        };
        await data.LoadAsync(dataSource, cancellationToken);

        await using var unprepared = TallyDataSource.Create(new NpgsqlConnectionStringBuilder(dataSource.ConnectionString) { MaxAutoPrepare = 0 }.ConnectionString);
        var gaps = new List<TimeSpan>();
        var checksums = new HashSet<long>();
        Contender Counting(string name, Func<CancellationToken, Task> run) => new(
            name, run, token => CountsData.ForgetCountsAsync(dataSource, token), async token => checksums.Add(await ChecksumAsync(token)));
        var measurements = await Comparison.RunAsync(
            scale.RoundsOr(5),
            [
                Counting("original", token => new OriginalCounter(unprepared).RunAsync(Month, token)),
                Counting("original, statements prepared", token => new OriginalCounter(dataSource).RunAsync(Month, token)),
                Counting("Tally", async token =>
                {
                    var watch = new CheckpointWatch();
                    await NewCounter().RunAsync(watch.Limiter, cancellationToken: token);
                    gaps.Add(watch.LongestGap);
                }),
                Counting("Tally, two workers", token => Task.WhenAll(CountAsync(token), CountAsync(token))),
                new("index-only count(*)", IndexOnlyCountAsync),
            ],
            cancellationToken);
        if (checksums.Count != 1) throw new InvalidOperationException("The original and Tally count differently.");

        Comparison.Print($"Counts of {data.Issues:N0} issues in {data.Projects:N0} projects of {data.Groups} groups", measurements);
        var (prepared, ours, twoWorkers, least) = (measurements[1], measurements[2], measurements[3], measurements[4]);
        // The first run was not measured.
        gaps.RemoveAt(0);
        Say($"Tally is {ours.FasterThan(prepared)} as fast as the original with prepared statements, and takes {least.FasterThan(ours)} of the index-only count.");
        Say($"Two workers are {twoWorkers.FasterThan(ours)} as fast as one.");
        Say($"Longest gap between two checkpoints: median {Comparison.Median(gaps).TotalMilliseconds:0.0} ms, worst of {gaps.Count} runs {gaps.Max().TotalMilliseconds:0.0} ms.");
    }

    /// <summary>How long a run goes on after its box has closed, for boxes that close in the middle of the work.</summary>
    private async Task StopAsync(CancellationToken cancellationToken)
    {
        var overshoots = new List<TimeSpan>();
        foreach (var box in Enumerable.Range(1, 10).Select(step => TimeSpan.FromMilliseconds(37 * step)))
        {
            await CountsData.ForgetCountsAsync(dataSource, cancellationToken);
            var watch = new CheckpointWatch(box);
            var result = await NewCounter().RunAsync(watch.Limiter, cancellationToken: cancellationToken);
            if (result.Outcome == RunOutcome.TimeUp) overshoots.Add(watch.Elapsed - box);
        }

        if (overshoots.Count > 0) Say($"From time up to the end of the run: median {Comparison.Median(overshoots).TotalMilliseconds:0.0} ms, worst of {overshoots.Count} runs {overshoots.Max().TotalMilliseconds:0.0} ms.");
    }

    /// <summary>What becomes of small groups beside a giant one, in a run that is too short for the giant.</summary>
    private async Task ShareAsync(CancellationToken cancellationToken)
    {
        const int small = 100;
        var giantIssues = scale.IsSmoke ? 60_000 : 2_000_000;
        await new CountsData(small + 1, 10 * (small + 1), giantIssues + 20_000, giantIssues).LoadAsync(dataSource, cancellationToken);

        // A commit for each small group, and three turns of the giant.
        var options = new ValueStreamOptions();
        await NewCounter().RunAsync(RuntimeLimiter.OverAfter(small + (3 * options.TurnPages)), cancellationToken: cancellationToken);

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var finished = await connection.ExecuteScalarAsync<int>("SELECT count(*) FROM value_stream.value_stream_dashboard_runs WHERE finished_at IS NOT NULL AND top_level_namespace_id > 1");
        var counted = await connection.ExecuteScalarAsync<long?>("SELECT last_count FROM value_stream.value_stream_dashboard_runs WHERE top_level_namespace_id = 1");
        Say($"Beside a group of {giantIssues:N0} issues in one project, {finished} of {small} small groups finished in their first run; the giant {(counted is { } rows ? $"stood at {rows:N0}" : "had finished too")}.");
    }

    private Task CountAsync(CancellationToken cancellationToken) =>
        NewCounter().RunAsync(new RuntimeLimiter(static () => false), cancellationToken: cancellationToken);

    private ValueStreamCounter NewCounter() =>
        new(dataSource, new ValueStreamOptions(), new FixedClock(), NullLogger<ValueStreamCounter>.Instance, [CountMetric.Issues]);

    private async Task IndexOnlyCountAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // One process, as a worker of ours is.
        await connection.ExecuteAsync("SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0");
        await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT count(*) FROM value_stream.issues", cancellationToken: cancellationToken));
    }

    private async Task<long> ChecksumAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT sum(hashtextextended(namespace_id || ':' || metric || ':' || count, 0) % 1000000007) FROM value_stream.value_stream_dashboard_counts",
            cancellationToken: cancellationToken));
    }

    private static void Say(FormattableString line) => AnsiConsole.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private sealed class FixedClock : IClock
    {
        public Instant GetCurrentInstant() => Month.PlusDays(19).AtMidnight().InUtc().ToInstant();
    }
}
