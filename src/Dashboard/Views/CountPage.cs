using NodaTime;
using Tally.Dashboard.Pages;
using Tally.ValueStream;

namespace Tally.Dashboard.Views;

/// <summary>A month's count of a namespace.</summary>
internal sealed record MonthCount(YearMonth Month, CountAnswer Answer);

/// <summary>Counts by month as blocks.</summary>
internal static class CountPage
{
    /// <summary>The counts of the <paramref name="months"/> up to <paramref name="last"/>, each as <c>tally counts report</c> of that month answers.</summary>
    public static async Task<IReadOnlyList<MonthCount>> ReadAsync(
        CountReader reports, long namespaceId, CountMetric metric, YearMonth last, int months, CancellationToken cancellationToken)
    {
        var counts = new List<MonthCount>();
        for (var back = months - 1; back >= 0; back--)
        {
            var month = last.OnDayOfMonth(1).PlusMonths(-back);
            counts.Add(new MonthCount(month.ToYearMonth(), await reports.ReadAsync(namespaceId, metric, month, month.PlusMonths(1).PlusDays(-1), cancellationToken)));
        }

        return counts;
    }

    public static IReadOnlyList<Block> Of(long namespaceId, CountMetric metric, IReadOnlyList<MonthCount> counts)
    {
        var newest = counts.LastOrDefault(one => one.Answer.Count is not null);
        return
        [
            new Section($"{NameOf(metric)} of namespace {namespaceId}",
            [
                newest is null
                    ? new Notice(Tone.Plain, "Nothing was counted in these months.", "tally counts status")
                    : newest.Answer.Complete
                        ? new Notice(Tone.Good, $"{Text.Of(newest.Answer.Count)} in {Text.Of(newest.Month)}: every namespace is counted.")
                        : new Notice(Tone.Warning, $"{Text.Of(newest.Answer.Count)} in {Text.Of(newest.Month)} is not complete: {Text.Of(newest.Answer.Counted)} of {Text.Count(newest.Answer.Expected, "namespace")} have a value.", "tally counts status"),
                new Chart(
                    $"{NameOf(metric)} by month", $"{NameOf(metric)} of namespace {namespaceId} over {Text.Count(counts.Count, "month")}. The table below has every one.",
                    [.. counts.Select(one => new Point(Text.Of(one.Month), one.Answer.Complete ? [one.Answer.Count, null] : [null, one.Answer.Count], $"{Text.Of(one.Month)}: {(one.Answer.Count is { } count ? Text.Of(count) : "not counted")}{(one.Answer.Complete ? "" : ", not complete")}"))],
                    ["Complete", "Not complete"]),
                Table.Of(
                    "counts", $"{NameOf(metric)} by month", counts, "No months.",
                    new("month", "Month", one => one.Month),
                    new("count", "Count", one => one.Answer.Count) { IsNumber = true, Text = one => one.Answer.Count is { } count ? Text.Of(count) : "not counted" },
                    new("complete", "Complete", one => one.Answer.Complete) { Tone = one => one.Answer.Complete ? Tone.Good : Tone.Plain },
                    new("counted", "Namespaces counted", one => one.Answer.Counted) { IsNumber = true },
                    new("expected", "Of", one => one.Answer.Expected) { IsNumber = true },
                    new("recorded_at", "Counted at", one => one.Answer.RecordedAt)),
            ]),
        ];
    }

    public static string NameOf(CountMetric metric) => Text.Name(metric.Name);
}
