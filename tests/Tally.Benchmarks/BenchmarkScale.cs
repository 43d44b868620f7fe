namespace Tally.Benchmarks;

/// <summary>How much a benchmark does. Figures need <see cref="Full"/>; <see cref="Smoke"/> only proves that results agree.</summary>
public sealed record BenchmarkScale
{
    public static readonly BenchmarkScale Full = new();

    public static readonly BenchmarkScale Smoke = new() { IsSmoke = true };

    /// <summary>Little data, one round.</summary>
    public bool IsSmoke { get; private init; }

    /// <summary>
    /// How much longer a round trip to the database takes than it does on loopback. The originals' hundred thousands of
    /// statements then take a tenth of the data: a ratio of sums of equal parts is that of the parts.
    /// </summary>
    public TimeSpan Latency { get; init; }

    public bool IsRemote => Latency > TimeSpan.Zero;

    /// <summary>Measured rounds instead of a benchmark's own number.</summary>
    public int? Rounds { get; init; }

    /// <summary>Events in the account's history, for the benchmark of growth: one row of its table for each.</summary>
    public IReadOnlyList<int> Events { get; init; } = [100_000, 1_000_000];

    public int RoundsOr(int rounds) => IsSmoke ? 1 : Rounds ?? rounds;
}
