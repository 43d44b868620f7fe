using NodaTime;
using NodaTime.Text;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;
using Tally.Dashboard.Views;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;

namespace Tally.Cli.Rollups;

/// <summary>Reports from rollups and raw events: <c>tally rollups report</c> and <c>summary</c>.</summary>
internal static class ReportCommands
{
    private static readonly LocalDateTimePattern Hour = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");

    public static Verb Series()
    {
        var common = new ReportInputs();
        var metric = ValueKinds.OneOf(ReportMetric.All, one => one.Name).Required("--metric", "What to report.", "-m");
        var groupBy = ValueKinds.Choice<ReportPeriod>().Optional("--group-by", "Length of a point; day unless given. Weeks begin on Sunday.");
        var dimension = ValueKinds.Word(Dimension.Account, Dimension.Agent, Dimension.Inbox).Default("--dimension", "Whose events.", Dimension.Account);
        var id = ValueKinds.Id.Optional("--id", "The agent or inbox.");
        return new("report", "Report a metric over time, and for the whole range. Averages are seconds.", [.. common.All, metric, groupBy, dimension, id], async (run, token) =>
        {
            var arguments = await common.ReadAsync(run, token);
            var period = run.Value(groupBy) ?? ReportPeriod.Day;
            var reader = await run.GetAsync<ReportReader>(token);
            var request = new SeriesRequest
            {
                AccountId = arguments.AccountId,
                Metric = run.Value(metric)!,
                From = arguments.From,
                To = arguments.To,
                GroupBy = period,
                Dimension = run.Value(dimension)!,
                DimensionId = run.Value(id),
                BusinessHours = arguments.BusinessHours,
                Zone = arguments.Zone,
                Source = arguments.Source,
            };
            var report = await run.ReadAsync(reader.ReadAsync(request, token));
            if (run.Format == OutputFormat.Html) await run.WritePageAsync(ReportPage.Of(request, report));
            else Write(run, request.Metric, period, report);
        })
        {
            DrawsPage = true,
        };
    }

    public static Verb Summary()
    {
        var common = new ReportInputs();
        var dimension = ValueKinds.Word(Dimension.Agent, Dimension.Inbox).Required("--dimension", "What to compare.");
        return new("summary", "Compare all agents or all inboxes. Averages are seconds.", [.. common.All, dimension], async (run, token) =>
        {
            var arguments = await common.ReadAsync(run, token);
            var reader = await run.GetAsync<ReportReader>(token);
            var request = new SummaryRequest
            {
                AccountId = arguments.AccountId,
                Dimension = run.Value(dimension)!,
                From = arguments.From,
                To = arguments.To,
                BusinessHours = arguments.BusinessHours,
                Zone = arguments.Zone,
                Source = arguments.Source,
            };
            var report = await run.ReadAsync(reader.ReadAsync(request, token));
            if (run.Format == OutputFormat.Html)
            {
                await run.WritePageAsync(ReportPage.Of(request, report));
                return;
            }

            var rows = report.Rows.Select(row => new MemberRow(
                row.Id, row.ResolvedConversationsCount, Shown(row.AverageResolutionTime, run.Format), Shown(row.AverageFirstResponseTime, run.Format), Shown(row.AverageReplyTime, run.Format))).ToArray();
            if (run.Format == OutputFormat.Json) run.Output.WriteOne(new SummaryDocument(report.Source, report.Covered, rows, PartRow.Of(report), report.MissingDays));
            else run.Output.WriteList(rows);
            if (rows.Length == 0) run.Note($"No {run.Value(dimension)} has an event in these days.");
            NoteSources(run, report);
        })
        {
            DrawsPage = true,
        };
    }

    private static void Write(CommandContext run, ReportMetric metric, ReportPeriod groupBy, SeriesReport report)
    {
        var points = report.Series.Select(point => new PointRow(
            point.Start.ToUnixTimeSeconds(), groupBy == ReportPeriod.Hour ? Hour.Format(point.Local) : Words.Of(point.Local.Date), Shown(point.Value, run.Format)!.Value, point.Count)).ToArray();
        if (run.Format == OutputFormat.Json)
        {
            run.Output.WriteOne(new SeriesDocument(report.Source, report.Covered, Shown(report.Aggregate, run.Format), points, PartRow.Of(report), report.MissingDays));
        }
        else
        {
            run.Output.WriteList(points);
            var total = Cell.Text(Shown(report.Aggregate, OutputFormat.Table));
            run.Note($"{metric.Name} of the range: {(total.Length == 0 ? "no events" : total)}.");
            run.Draw($"{metric.Name} by {groupBy.ToString().ToLowerInvariant()}:", width => Charts.Columns([.. report.Series.Select(point => point.Value)], width));
        }

        NoteSources(run, report);
    }

    /// <summary>Exact for programs, to the millisecond for people; never with idle zeros.</summary>
    private static decimal? Shown(decimal? value, OutputFormat format)
    {
        // Dividing by it drops the zeros behind the last digit.
        const decimal one = 1.0000000000000000000000000000m;
        return value is { } number ? (format == OutputFormat.Table ? Math.Round(number, 3) : number) / one : null;
    }

    private static void NoteSources(CommandContext run, Report report)
    {
        run.Note($"From {string.Join("; ", PartRow.Of(report).Select(part => part.ToString()))}. {(report.Covered ? "Rollups cover every day." : "Rollups do not cover every day.")}");
        if (report.MissingDays.Count > 0)
            run.Note($"Incomplete: the raw events of {Words.Count(report.MissingDays.Count, "day")} from {Words.Of(report.MissingDays[0])} on were purged, and totals of whole days do not fit this range, grouping or zone.");
    }

    private sealed record SeriesDocument(ReportSource Source, bool Covered, decimal? Aggregate, PointRow[] Series, PartRow[] Parts, IReadOnlyList<LocalDate> MissingDays);

    private sealed record PointRow(long Timestamp, string Date, decimal Value, long Count) : INested;

    private sealed record SummaryDocument(ReportSource Source, bool Covered, MemberRow[] Rows, PartRow[] Parts, IReadOnlyList<LocalDate> MissingDays);

    private sealed record MemberRow(long Id, long ResolvedConversationsCount, decimal? AvgResolutionTime, decimal? AvgFirstResponseTime, decimal? AvgReplyTime) : INested;

    /// <summary>The days of one source.</summary>
    private sealed record PartRow(ReportSource Source, LocalDate From, LocalDate To) : INested
    {
        public static PartRow[] Of(Report report) => [.. report.Parts.Select(part => new PartRow(part.Source, part.From, part.To))];

        public override string ToString() => $"{(Source == ReportSource.Raw ? "raw events" : "rollups")}: {Words.Of(From)} to {Words.Of(To)}";
    }
}
