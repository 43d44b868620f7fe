using NodaTime;
using Tally.Dashboard.Pages;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;

namespace Tally.Dashboard.Views;

/// <summary>One day of an account: its window and state, why its numbers are what they are, and its rollup rows.</summary>
internal sealed class DayView(DayExplainer explainer, RollupReader rollups) : IView
{
    // A click on a day of another view leads here.
    private const string Missing = "is missing. Choose a day in Reporting: a click on one leads here.";

    public string Path => "day";

    public string? Name => null;

    public async Task<Page> ReadAsync(Query query, CancellationToken cancellationToken)
    {
        var id = query.Id("account") ?? throw new ViewException($"'account' {Missing}");
        var date = query.Date("date") ?? throw new ViewException($"'date' {Missing}");
        var day = await explainer.ExplainAsync(id, date, cancellationToken);
        var rows = await rollups.ReadAsync(id, date, date, cancellationToken);
        return new Page(
            $"{Text.Of(date)} of account {id}", $"{(day.Account.Name.Length > 0 ? $"{day.Account.Name}. " : "")}The day as {day.Account.Zone!.Id} has it, by time zone data {day.ZoneData}.",
            [
                new Links(
                [
                    ("The day before", Query.Address(Path, ("account", id), ("date", date.PlusDays(-1)))),
                    ("The day after", Query.Address(Path, ("account", id), ("date", date.PlusDays(1)))),
                    ("A month around it", Query.Address("reporting", ("account", id), ("from", date.PlusDays(-15)), ("to", date.PlusDays(15)))),
                ]),
                .. Verdicts(id, date, day),
                FactsOf(day),
                Why(day),
                RowsOf(rows),
            ]);
    }

    private static IEnumerable<Notice> Verdicts(long id, LocalDate date, DayExplanation day)
    {
        var rebuild = $"tally rollups backfill --account {id} --from {Text.Of(date)} --to {Text.Of(date)}";
        if (!day.Agrees) yield return new Notice(Tone.Bad, $"{Text.Count(day.RowsDiffering, "rollup row")} of this day {(day.RowsDiffering == 1 ? "is" : "are")} not base plus raw events.", rebuild);
        else if (day.Covered) yield return new Notice(Tone.Good, "Every rollup row of this day is its base plus its raw events.");
        if (!day.Covered) yield return new Notice(Tone.Warning, "The day is not covered: reports read its raw events.", day.Agrees ? rebuild : null);
        if (day.OtherBases > 0)
            yield return new Notice(Tone.Plain, $"{Text.Count(day.OtherBases, "base")} of this date {(day.OtherBases == 1 ? "was" : "were")} cut with another window: no part of this day, and added to reports whole.");
    }

    private static Facts FactsOf(DayExplanation day) => new(
    [
        new Fact("Window", Text.Of(day.Day.Length), $"from {Text.Of(day.Day.Start)}\nup to {Text.Of(day.Day.End)}"),
        new Fact("State", day.Row is { } row ? Text.Of(row.State) : "no row", StateOf(day), day.Covered ? Tone.Good : Tone.Warning),
        new Fact("Raw events", Text.Of(day.RawEvents), "stored, of whatever name"),
        new Fact("Base", day.Metrics.Any(metric => metric.Base is not null) ? "yes" : "none", day.Metrics.Any(metric => metric.Base is not null) ? "totals of events that were removed" : "no event of the day was removed"),
    ]);

    private static string StateOf(DayExplanation day) => day.Row switch
    {
        null => day.Covered ? "no events, and no rollups needed" : "never built",
        { } row when !row.IsCutAs(day.Day) => $"cut as {Text.Of(row.DayStart)} up to {Text.Of(row.DayEnd)}, which is not the day's window",
        { State: DayState.Live } => "events are added as they come",
        { State: DayState.Complete } => "built from base and raw events, kept up since",
        _ => "waits to be rebuilt",
    };

    private static Section Why(DayExplanation day) => new("Why these numbers",
    [
        new Paragraph("What a rollup holds is the day's base, the totals of events that were removed since, plus its raw events. These are the account's own; agents and inboxes are held to the same."),
        Table.Of(
            "why", "Base plus raw events", day.Metrics, "No metrics.",
            new("metric", "Metric", metric => metric.Metric) { Text = metric => Text.Name(metric.Metric) },
            new("base_count", "Base", metric => metric.Base?.Count ?? 0) { IsNumber = true },
            new("raw_count", "+ raw", metric => metric.Raw?.Count ?? 0) { IsNumber = true },
            new("rollup_count", "= rollup", metric => metric.Rollup?.Count ?? 0) { IsNumber = true },
            new("base_sum", "Base seconds", metric => metric.Base?.SumValue ?? 0) { IsNumber = true },
            new("raw_sum", "+ raw", metric => metric.Raw?.SumValue ?? 0) { IsNumber = true },
            new("rollup_sum", "= rollup", metric => metric.Rollup?.SumValue ?? 0) { IsNumber = true },
            new("agrees", "Right", metric => metric.Agrees) { Tone = metric => metric.Agrees ? Tone.Good : Tone.Bad }),
    ]);

    private static Table RowsOf(IReadOnlyList<RollupRow> rows) => Table.Of(
        "rollups", "Rollup rows", rows, "The day has no rollup rows.",
        new("dimension_type", "Of", row => row.DimensionType),
        new("dimension_id", "Id", row => row.DimensionId) { IsNumber = true, Text = row => Text.Exact(row.DimensionId) },
        new("metric", "Metric", row => row.Metric) { Text = row => Text.Name(row.Metric) },
        new("count", "Count", row => row.Count) { IsNumber = true },
        new("sum_value", "Seconds", row => row.SumValue) { IsNumber = true },
        new("sum_value_business_hours", "In business hours", row => row.SumValueBusinessHours) { IsNumber = true },
        new("updated_at", "Changed", row => row.UpdatedAt));
}
