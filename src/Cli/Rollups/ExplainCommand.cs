using NodaTime;
using Tally.Cli.Shell;
using Tally.Reporting.Days;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups explain</c>: why a day's number is what it is.</summary>
internal static class ExplainCommand
{
    public static Verb Create()
    {
        var account = Inputs.Account();
        var date = ValueKinds.Date.Required("--date", "The day, in the account's zone.");
        return new("explain", "Show where a day's numbers come from: window, state, base, raw events, rollups. Exit code 1 if they do not agree.", [account, date], async (run, token) =>
        {
            var day = await (await run.GetAsync<DayExplainer>(token)).ExplainAsync(run.Value(account), run.Value(date), token);
            run.Output.WriteList([.. day.Metrics.Select(metric => MetricRow.Of(day, metric))]);
            run.Note($"{Words.Of(day.Day.Date)} is {day.Day.Start} to {day.Day.End} in {day.Account.ReportingTimezone}, by time zone data {day.ZoneData}.");
            run.Note(day.Row is { } row
                ? row.IsCutAs(day.Day) ? $"Its rollups are {row.State.ToString().ToLowerInvariant()}, {(day.Covered ? "covered" : "not covered")}." : $"Its rollups were cut as {row.DayStart} to {row.DayEnd}: not covered until they are rebuilt."
                : day.Covered ? "It has no events, and needs no rollups." : "It was never built.");
            run.Note($"{Words.Count(day.RawEvents, "raw event")} stored."
                + (day.OtherBases == 0 ? "" : $" {Words.Count(day.OtherBases, "base")} of this date cut with another window: no part of the day, added to reports whole."));
            if (day.Agrees) return ExitCode.Done;
            run.Note($"{Words.Count(day.RowsDiffering, "row")} not base plus raw events: 'tally rollups backfill --account {day.Account.Id} --from {Words.Of(day.Day.Date)} --to {Words.Of(day.Day.Date)}' rebuilds the day.");
            return ExitCode.No;
        });
    }

    private sealed record MetricRow(
        LocalDate Date, string Metric, long Base, long Raw, long Rollup, decimal BaseSum, decimal RawSum, decimal RollupSum, bool Agrees)
    {
        public static MetricRow Of(DayExplanation day, MetricExplanation metric) => new(
            day.Day.Date, metric.Metric, metric.Base?.Count ?? 0, metric.Raw?.Count ?? 0, metric.Rollup?.Count ?? 0,
            metric.Base?.SumValue ?? 0, metric.Raw?.SumValue ?? 0, metric.Rollup?.SumValue ?? 0, metric.Agrees);
    }
}
