namespace Tally.Campaign;

/// <summary>What a campaign came to: a line for each thing counted, and what is not as it must be.</summary>
internal sealed class Verdict
{
    private readonly List<(string What, string Count, string Note)> _lines = [];
    private readonly List<string> _wrongs = [];

    public IReadOnlyList<(string What, string Count, string Note)> Lines => _lines;

    /// <summary>What is wrong, each explained; the first is where to begin.</summary>
    public IReadOnlyList<string> Wrongs => _wrongs;

    public bool IsRight => _wrongs.Count == 0;

    public void Count(string what, long count, string note = "") => _lines.Add((what, count.ToString("#,0", System.Globalization.CultureInfo.InvariantCulture), note));

    public void Count(string what, TimeSpan time, string note = "") => _lines.Add((what, FormattableString.Invariant($"{time.TotalSeconds:0.0} s"), note));

    /// <summary>Counts what must not be, and says why if it is.</summary>
    public void MustBeNone(string what, IReadOnlyList<string> found, string note = "")
    {
        Count(what, found.Count, note);
        _wrongs.AddRange(found.Select(one => $"{what}: {one}"));
    }
}
