using System.Text;

namespace Tally.Cli.Rollups;

/// <summary>A series as columns of text, a glance wide.</summary>
internal static class SeriesChart
{
    private const int Height = 8;
    private const string Eighths = " ▁▂▃▄▅▆▇█";

    /// <summary>
    /// Lines from the top down, no wider than <paramref name="width"/>. A series that is longer is drawn by the means of
    /// neighbours; the highest column fills the height.
    /// </summary>
    public static string Draw(IReadOnlyList<decimal> values, int width)
    {
        var columns = Squeeze(values, Math.Max(width - 1, 1));
        var highest = columns.DefaultIfEmpty().Max();
        if (highest <= 0) return "";

        var text = new StringBuilder();
        for (var line = Height - 1; line >= 0; line--)
        {
            foreach (var value in columns) text.Append(Eighths[EighthsIn(line, value / highest)]);
            text.AppendLine();
        }

        return text.ToString().TrimEnd('\n', '\r');
    }

    /// <summary>How much of a line, in eighths, a column fills; what is not nothing can be seen.</summary>
    private static int EighthsIn(int line, decimal share)
    {
        var eighths = share > 0 ? Math.Max((int)Math.Round(share * Height * 8), 1) : 0;
        return Math.Clamp(eighths - (line * 8), 0, 8);
    }

    private static List<decimal> Squeeze(IReadOnlyList<decimal> values, int width)
    {
        if (values.Count <= width) return [.. values];
        return [.. Enumerable.Range(0, width).Select(column =>
        {
            var (start, end) = ((int)((long)column * values.Count / width), (int)((long)(column + 1) * values.Count / width));
            return values.Skip(start).Take(end - start).Average();
        })];
    }
}
