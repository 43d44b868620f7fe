using System.Globalization;
using System.Text;

namespace Tally.Cli.Shell.Output;

/// <summary>Numbers as text to look at, a glance wide.</summary>
internal static class Charts
{
    private const char Full = '█';
    private const char Light = '░';
    private const int Height = 8;
    private const int MaxBars = 20;
    private const int MaxLabel = 32;
    private const string Eighths = " ▁▂▃▄▅▆▇█";

    /// <summary>
    /// A series as columns: lines from the top down, no wider than <paramref name="width"/>. A series that is longer is drawn by
    /// the means of neighbours; the highest column fills the height.
    /// </summary>
    public static string Columns(IReadOnlyList<decimal> values, int width)
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

    /// <summary>
    /// Amounts as bars, each on a line with its name and its sum, in the order given. Beyond the twentieth they are only counted; the
    /// longest of those that are drawn fills the width.
    /// </summary>
    public static string Bars(IReadOnlyList<Bar> bars, int width)
    {
        var drawn = bars.Take(MaxBars).Select(bar => bar with { Label = Cut(bar.Label) }).ToList();
        var highest = drawn.Select(bar => bar.Sum).DefaultIfEmpty().Max();
        if (highest <= 0) return "";

        var (labels, sums) = (drawn.Max(bar => bar.Label.Length), drawn.Max(bar => Text(bar.Sum).Length));
        var room = Math.Max(width - labels - sums - 3, 1);
        var lines = drawn.Select(bar =>
        {
            var length = LengthOf(bar.Sum, highest, room);
            var light = Math.Min(LengthOf(bar.Light, highest, room), bar.Full > 0 ? length - 1 : length);
            return $"{bar.Label.PadRight(labels)} {Text(bar.Sum).PadLeft(sums)} {new string(Full, length - light)}{new string(Light, light)}";
        });
        var more = bars.Count - drawn.Count;
        return string.Join(Environment.NewLine, more == 0 ? lines : lines.Append($"... and {more} more."));
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

    private static int LengthOf(decimal value, decimal highest, int room) => value <= 0 ? 0 : Math.Max((int)Math.Round(value / highest * room), 1);

    private static string Cut(string label) => label.Length <= MaxLabel ? label : string.Concat(label.AsSpan(0, MaxLabel - 1), "…");

    private static string Text(decimal value) => value.ToString("#,##0.##", CultureInfo.InvariantCulture);
}

/// <summary>An amount in two parts, none below 0; the second is drawn lighter.</summary>
internal sealed record Bar(string Label, decimal Full, decimal Light = 0)
{
    public decimal Sum => Full + Light;
}
