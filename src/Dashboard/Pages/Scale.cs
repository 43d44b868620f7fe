namespace Tally.Dashboard.Pages;

/// <summary>The values along an axis from 0, at round distances.</summary>
internal sealed class Scale
{
    private const int MostTicks = 5;

    private static readonly decimal[] Numbers = [1m, 2m, 2.5m, 5m, 10m];

    // From here on hours and days are as good as any number.
    private static readonly decimal[] Times =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 345_600, 864_000, 1_728_000, 4_320_000, 8_640_000];

    private Scale(decimal step, int count) => Ticks = [.. Enumerable.Range(0, count + 1).Select(index => index * step)];

    /// <summary>From 0 to the top of the axis.</summary>
    public IReadOnlyList<decimal> Ticks { get; }

    public decimal Top => Ticks[^1];

    /// <summary>A scale that <paramref name="highest"/> fits on.</summary>
    public static Scale For(decimal highest, bool isTime)
    {
        if (highest <= 0) return new Scale(1, 1);
        var step = (isTime ? Times.FirstOrDefault(candidate => candidate * MostTicks >= highest) : 0) is > 0 and var time ? time : Round(highest / MostTicks, isWhole: highest >= MostTicks);
        return new Scale(step, Math.Max((int)Math.Ceiling(highest / step), 1));
    }

    private static decimal Round(decimal least, bool isWhole)
    {
        var power = 1m;
        while (power * 10 <= least) power *= 10;
        while (power > least) power /= 10;
        var step = Numbers.Select(number => number * power).First(candidate => candidate >= least);
        return isWhole ? Math.Ceiling(step) : step;
    }
}
