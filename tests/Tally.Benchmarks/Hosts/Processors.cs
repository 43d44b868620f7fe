using System.Globalization;

namespace Tally.Benchmarks.Hosts;

/// <summary>How much the machine's processors have worked, whoever had them work.</summary>
internal readonly record struct Processors(long Busy, long Total)
{
    /// <summary>Zero where the system does not tell it in <c>/proc/stat</c>.</summary>
    public static Processors Read()
    {
        if (!File.Exists("/proc/stat")) return default;
        // user nice system idle iowait ...
        var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return new Processors(ticks.Sum() - ticks[3] - ticks[4], ticks.Sum());
    }

    /// <summary>The busy share since then, 0 to 1; NaN where it is not known.</summary>
    public double BusySince(Processors then) => (double)(Busy - then.Busy) / (Total - then.Total);
}
