using NodaTime;
using Tally.Dashboard.Pages;
using Tally.Reporting.Reports;

namespace Tally.Dashboard.Views;

/// <summary>Where the points of a report come from.</summary>
/// <param name="Bands">In their order; those of missing days last.</param>
internal sealed record Sources(IReadOnlyList<Band> Bands)
{
    /// <param name="report">What was answered.</param>
    /// <param name="starts">The first date of each point, ascending.</param>
    public static Sources Of(Report report, IReadOnlyList<LocalDate> starts) => starts.Count == 0 ? new([]) : new(
    [
        .. report.Parts.Select(part => BandOf(KindOf(part.Source), part.From, part.To, starts)),
        .. report.MissingDays.Select(day => BandOf("missing", day, day, starts)),
    ]);

    public static string KindOf(ReportSource source) => source == ReportSource.Rollup ? "rollup" : "raw";

    /// <summary>The sources of a point, in words.</summary>
    public string At(int index) => string.Join(", ", Bands.Where(band => band.From <= index && index <= band.To).Select(band => band.Kind).Distinct());

    private static Band BandOf(string kind, LocalDate from, LocalDate to, IReadOnlyList<LocalDate> starts)
    {
        var hint = from == to ? $"{kind}: {Text.Of(from)}" : $"{kind}: {Text.Of(from)} to {Text.Of(to)}";
        return new Band(kind, FirstAt(from, starts), LastAt(to, starts), hint);
    }

    // Points that begin on one date are its hours.
    private static int FirstAt(LocalDate date, IReadOnlyList<LocalDate> starts)
    {
        for (var index = 0; index < starts.Count; index++)
            if (starts[index] >= date) return starts[index] == date ? index : Math.Max(index - 1, 0);
        return starts.Count - 1;
    }

    private static int LastAt(LocalDate date, IReadOnlyList<LocalDate> starts)
    {
        for (var index = starts.Count - 1; index > 0; index--)
            if (starts[index] <= date) return index;
        return 0;
    }
}
