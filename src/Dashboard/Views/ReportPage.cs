using NodaTime;
using Tally.Dashboard.Pages;
using Tally.Reporting.Reports;

namespace Tally.Dashboard.Views;

/// <summary>A report as blocks: what the dashboard shows and what a report to share holds.</summary>
internal static class ReportPage
{
    /// <summary>A metric over time, as a page by itself.</summary>
    public static Page Of(SeriesRequest request, SeriesReport report) => new(
        $"{NameOf(request.Metric)} of account {request.AccountId}{(request.DimensionId is { } id ? $", {request.Dimension} {id}" : "")}", LeadOf(request), [.. BlocksOf(request, report), SourceTable(report)]);

    /// <summary>Agents or inboxes side by side, as a page by itself.</summary>
    public static Page Of(SummaryRequest request, SummaryReport report) => new(
        $"{(request.Dimension == "agent" ? "Agents" : "Inboxes")} of account {request.AccountId}", LeadOf(request), BlocksOf(request, report));

    /// <summary>A metric over time.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="report">What was answered.</param>
    /// <param name="dayLink">Where a day's own page is; null where there is none.</param>
    public static IReadOnlyList<Block> BlocksOf(SeriesRequest request, SeriesReport report, Func<LocalDate, string>? dayLink = null)
    {
        var isTime = request.Metric.Kind == ReportMetricKind.Average;
        var sources = Sources.Of(report, [.. report.Series.Select(point => point.Local.Date)]);
        var rows = report.Series.Select((point, index) => new PointRow(LabelOf(point, request.GroupBy), point.Value, point.Count, sources.At(index), Link(point))).ToList();
        return
        [
            new Facts(
            [
                new Fact(isTime ? "Average of the range" : "Total of the range", report.Aggregate is { } total ? Value(total) : "no events", NameOf(request.Metric)),
                new Fact(isTime ? "Events averaged" : "Highest point", isTime ? Text.Of(report.Series.Sum(point => point.Count)) : Value(report.Series.Select(point => point.Value).DefaultIfEmpty().Max())),
                ReadFrom(request, report),
                Missing(report),
            ]),
            rows.Count > MostPoints ? new Notice(Tone.Plain, $"{Text.Of(rows.Count)} points are too many to draw. Group by a longer period.") : new Chart(
                NameOf(request.Metric), $"{NameOf(request.Metric)} by {Text.Of(request.GroupBy)}: {Text.Count(rows.Count, "point")}, the range's {(isTime ? "average" : "total")} is {(report.Aggregate is { } all ? Value(all) : "nothing")}. The table below has every point.",
                [.. rows.Select(row => new Point(row.Label, [row.Value], $"{row.Label}: {Value(row.Value)}{(isTime ? $", {Text.Count(row.Count, "event")}" : "")} ({row.Source})", row.Link))],
                [NameOf(request.Metric)])
            {
                IsTime = isTime,
                Bands = sources.Bands,
            },
            Table.Of(
                "series", $"{NameOf(request.Metric)} by {Text.Of(request.GroupBy)}", rows, "No points.",
                [
                    new("date", request.GroupBy == ReportPeriod.Week ? "Week from" : request.GroupBy.ToString(), row => row.Label) { Link = row => row.Link },
                    new("value", isTime ? "Average" : "Count", row => row.Value) { IsNumber = true, Text = row => isTime && row.Count == 0 ? "no events" : Value(row.Value) },
                    .. isTime ? [new Column<PointRow>("count", "Events", row => row.Count) { IsNumber = true }] : Array.Empty<Column<PointRow>>(),
                    new("source", "Source", row => row.Source),
                ]),
        ];

        string Value(decimal value) => isTime ? Text.Seconds(value) : Text.Number(value);

        string? Link(SeriesPoint point) => request.GroupBy is ReportPeriod.Day or ReportPeriod.Hour ? dayLink?.Invoke(point.Local.Date) : null;
    }

    /// <summary>Agents or inboxes side by side.</summary>
    private static IReadOnlyList<Block> BlocksOf(SummaryRequest request, SummaryReport report)
    {
        var most = report.Rows.OrderByDescending(row => row.ResolvedConversationsCount).ThenBy(row => row.Id).Take(MostBars).ToList();
        return
        [
            new Facts(
            [
                new Fact("Resolved", Text.Of(report.Rows.Sum(row => row.ResolvedConversationsCount)), Text.Count(report.Rows.Count, request.Dimension)),
                ReadFrom(request, report),
                Missing(report),
            ]),
            new Chart(
                $"Resolutions by {request.Dimension}", $"Resolutions of {Text.Count(report.Rows.Count, request.Dimension)}, the most first. The table below has every one.",
                [.. most.Select(row => new Point(Text.Exact(row.Id), [row.ResolvedConversationsCount], $"{request.Dimension} {row.Id}: {Text.Of(row.ResolvedConversationsCount)}"))],
                ["Resolutions"]),
            Table.Of(
                "summary", $"By {request.Dimension}", report.Rows, $"No {request.Dimension} has an event in these days.",
                new("id", request.Dimension == "agent" ? "Agent" : "Inbox", row => row.Id) { Text = row => Text.Exact(row.Id) },
                new("resolved_conversations_count", "Resolved", row => row.ResolvedConversationsCount) { IsNumber = true },
                new("avg_resolution_time", "Resolution time", row => row.AverageResolutionTime) { IsNumber = true, Text = row => Average(row.AverageResolutionTime) },
                new("avg_first_response_time", "First response", row => row.AverageFirstResponseTime) { IsNumber = true, Text = row => Average(row.AverageFirstResponseTime) },
                new("avg_reply_time", "Reply time", row => row.AverageReplyTime) { IsNumber = true, Text = row => Average(row.AverageReplyTime) }),
            SourceTable(report),
        ];

        static string Average(decimal? seconds) => seconds is { } value ? Text.Seconds(value) : "";
    }

    /// <summary>Which days came from where.</summary>
    public static Table SourceTable(Report report) => Table.Of(
        "sources", "Sources, by the account's days", report.Parts, "No days.",
        new("source", "Source", part => Sources.KindOf(part.Source)),
        new("from", "From", part => part.From),
        new("to", "To", part => part.To));

    public static string NameOf(ReportMetric metric) => metric.Name switch
    {
        "avg_first_response_time" => "First response time",
        "avg_resolution_time" => "Resolution time",
        "reply_time" => "Reply time",
        "resolutions_count" => "Resolutions",
        "bot_resolutions_count" => "Bot resolutions",
        "bot_handoffs_count" => "Bot handoffs",
        var other => other,
    };

    private static string LeadOf(ReportRequest request) =>
        $"{Text.Of(request.From)} to {Text.Of(request.To)}, the end not included; zone {request.Zone?.ToString() ?? "of the account"}{(request.BusinessHours ? "; business hours" : "")}.";

    // More columns than this say nothing: here names are compared, there time passes.
    private const int MostBars = 60;
    private const int MostPoints = 1_500;

    private static Fact ReadFrom(ReportRequest request, Report report) => new(
        "Read from", report.Source switch { ReportSource.Rollup => "rollups", ReportSource.Raw => "raw events", _ => "both" },
        request.Source == ReportSourceChoice.Raw ? "as asked"
        : !report.Covered ? "rollups do not cover every day"
        : report.Source == ReportSource.Rollup ? "rollups cover every day"
        : "rollups do not serve all of this question");

    private static Fact Missing(Report report) => report.MissingDays.Count == 0
        ? new Fact("Missing days", "0", "nothing is left out", Tone.Good)
        : new Fact("Missing days", Text.Of(report.MissingDays.Count), $"from {Text.Of(report.MissingDays[0])}: purged, and cut by the range", Tone.Warning);

    private static string LabelOf(SeriesPoint point, ReportPeriod period) => period switch
    {
        ReportPeriod.Hour => Text.Of(point.Local),
        ReportPeriod.Month => Text.Of(point.Local.Date.ToYearMonth()),
        ReportPeriod.Year => Text.Exact(point.Local.Year),
        _ => Text.Of(point.Local.Date),
    };

    private sealed record PointRow(string Label, decimal Value, long Count, string Source, string? Link);
}
