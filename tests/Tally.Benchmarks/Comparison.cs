using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Tally.Benchmarks;

/// <summary>One way to do the work that is compared.</summary>
/// <param name="Name">As it is printed.</param>
/// <param name="RunAsync">The work; its time is measured.</param>
/// <param name="PrepareAsync">What puts the data back before each run; not measured.</param>
/// <param name="VerifyAsync">What looks at the outcome after each run; not measured.</param>
public sealed record Contender(
    string Name,
    Func<CancellationToken, Task> RunAsync,
    Func<CancellationToken, Task>? PrepareAsync = null,
    Func<CancellationToken, Task>? VerifyAsync = null);

/// <summary>The times of one contender, one per round, in the order of the rounds.</summary>
public sealed record Measurement(string Name, IReadOnlyList<TimeSpan> Times)
{
    public TimeSpan Median => Comparison.Median(Times);

    /// <summary>How many times faster this is than <paramref name="baseline"/>: the median of the rounds' own ratios, and the lowest and the highest.</summary>
    public Ratio FasterThan(Measurement baseline)
    {
        var ratios = baseline.Times.Zip(Times, (theirs, ours) => theirs / ours).ToArray();
        return new Ratio(Comparison.Median(ratios), ratios.Min(), ratios.Max());
    }
}

/// <summary>A ratio over the rounds of a comparison.</summary>
public sealed record Ratio(double Median, double Min, double Max)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Median:0.00}x ({Min:0.00}-{Max:0.00})");
}

/// <summary>
/// Times contenders against each other in one process on the same data. Rounds interleave (A B A B), so that what
/// disturbs the machine disturbs all of them, and a ratio is taken within a round before any median.
/// </summary>
public static class Comparison
{
    /// <summary>
    /// Runs every contender <paramref name="warmUps"/> times unmeasured, then <paramref name="rounds"/> times in turn.
    /// Short work needs more of the former: until the runtime has compiled it for good.
    /// </summary>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(
        int rounds, IReadOnlyList<Contender> contenders, CancellationToken cancellationToken, int warmUps = 1)
    {
        var times = contenders.Select(_ => new List<TimeSpan>()).ToArray();
        for (var round = -warmUps; round < rounds; round++)
        {
            foreach (var (index, contender) in contenders.Index())
            {
                if (contender.PrepareAsync is { } prepare) await prepare(cancellationToken);
                var started = Stopwatch.GetTimestamp();
                await contender.RunAsync(cancellationToken);
                if (round >= 0) times[index].Add(Stopwatch.GetElapsedTime(started));
                if (contender.VerifyAsync is { } verify) await verify(cancellationToken);
            }
        }

        return [.. contenders.Zip(times, (contender, measured) => new Measurement(contender.Name, measured))];
    }

    /// <summary>Prints medians with minimum and maximum, and each contender's ratio to the first.</summary>
    public static void Print(string title, IReadOnlyList<Measurement> measurements)
    {
        var table = new Table().Title(title).AddColumns("", "median ms", "min", "max", "faster than the first");
        foreach (var measurement in measurements)
        {
            table.AddRow(
                measurement.Name,
                Milliseconds(measurement.Median),
                Milliseconds(measurement.Times.Min()),
                Milliseconds(measurement.Times.Max()),
                measurement == measurements[0] ? "" : measurement.FasterThan(measurements[0]).ToString());
        }

        AnsiConsole.Write(table);
    }

    internal static T Median<T>(IEnumerable<T> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture);
}
