using System.CommandLine;
using NodaTime;
using NodaTime.Text;
using Spectre.Console;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups report</c></summary>
internal sealed class ReportSeries : TallyCommand
{
    private static readonly LocalDateTimePattern Hour = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");

    private readonly ReportOptions _options = new();
    private readonly Option<string> _metric = new("--metric", "-m")
    {
        Description = "What to report.",
        HelpName = string.Join('|', ReportMetric.All.Select(metric => metric.Name)),
        Required = true,
    };

    private readonly Option<ReportPeriod?> _groupBy = CommonOptions.Choice<ReportPeriod>("--group-by", "Length of a point; day unless given. Weeks begin on Sunday.");
    private readonly Option<string?> _dimension = new("--dimension") { Description = "Whose events; the account's unless given.", HelpName = "account|agent|inbox" };
    private readonly Option<long?> _id = new("--id") { Description = "The agent or inbox." };

    public ReportSeries()
        : base("report", "Report a metric over time, and for the whole range. Averages are seconds.")
    {
        _options.AddTo(this);
        Add(_metric);
        Add(_groupBy);
        Add(_dimension);
        Add(_id);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var metric = ReportMetric.Find(context.Value(_metric)!);
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var arguments = await _options.ReadAsync(context, session, cancellationToken);
        var groupBy = context.Value(_groupBy) ?? ReportPeriod.Day;
        var report = await session.Get<ReportReader>().ReadAsync(
            new SeriesRequest
            {
                AccountId = arguments.AccountId,
                Metric = metric,
                From = arguments.From,
                To = arguments.To,
                GroupBy = groupBy,
                Dimension = context.Value(_dimension) ?? Dimension.Account,
                DimensionId = context.Value(_id),
                BusinessHours = arguments.BusinessHours,
                Zone = arguments.Zone,
                Source = arguments.Source,
            },
            cancellationToken);

        var format = context.Format;
        var points = report.Series.Select(point => new PointRow(
            point.Start.ToUnixTimeSeconds(), groupBy == ReportPeriod.Hour ? Hour.Format(point.Local) : Dates.Format(point.Local.Date), Number.Of(point.Value, format), point.Count)).ToArray();
        if (format == OutputFormat.Json)
        {
            context.Output.WriteOne(new ReportRow(report.Source, report.Covered, Number.Of(report.Aggregate, format), points, PartRow.Of(report), report.MissingDays));
        }
        else
        {
            context.Output.WriteList(points);
            var total = Cell.Text(Number.Of(report.Aggregate, OutputFormat.Table));
            context.Note($"{metric.Name} of the range: {(total.Length == 0 ? "no events" : total)}.");
            if (context.Terminal.ErrorIsScreen) context.Screen.WriteLine(SeriesChart.Draw([.. report.Series.Select(point => point.Value)], context.Screen.Profile.Width));
        }

        ReportNotes.Write(context, report);
        return ExitCode.Done;
    }

    private sealed record ReportRow(ReportSource Source, bool Covered, decimal? Aggregate, PointRow[] Series, PartRow[] Parts, IReadOnlyList<LocalDate> MissingDays);

    private sealed record PointRow(long Timestamp, string Date, decimal Value, long Count) : INested;
}

/// <summary>Decimals as results show them: exact for programs, to the millisecond for people; never with idle zeros.</summary>
internal static class Number
{
    // Dividing by it drops the zeros behind the last digit.
    private const decimal One = 1.0000000000000000000000000000m;

    public static decimal Of(decimal value, OutputFormat format) => (format == OutputFormat.Table ? Math.Round(value, 3) : value) / One;

    public static decimal? Of(decimal? value, OutputFormat format) => value is { } number ? Of(number, format) : null;
}
