using System.CommandLine;
using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;
using Tally.Cli.Shell.Servers;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups summary</c></summary>
internal sealed class SummarizeMembers : TallyCommand
{
    private readonly ReportOptions _options = new();
    private readonly Option<string> _dimension = new("--dimension") { Description = "What to compare.", HelpName = "agent|inbox", Required = true };

    public SummarizeMembers()
        : base("summary", "Compare all agents or all inboxes. Averages are seconds.")
    {
        _options.AddTo(this);
        Add(_dimension);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var arguments = await _options.ReadAsync(context, session, cancellationToken);
        var report = await session.Get<ReportReader>().ReadAsync(
            new SummaryRequest
            {
                AccountId = arguments.AccountId,
                Dimension = context.Value(_dimension)!,
                From = arguments.From,
                To = arguments.To,
                BusinessHours = arguments.BusinessHours,
                Zone = arguments.Zone,
                Source = arguments.Source,
            },
            cancellationToken);

        var format = context.Format;
        var rows = report.Rows.Select(row => new MemberRow(
            row.Id, row.ResolvedConversationsCount, Number.Of(row.AverageResolutionTime, format), Number.Of(row.AverageFirstResponseTime, format), Number.Of(row.AverageReplyTime, format))).ToArray();
        if (format == OutputFormat.Json)
        {
            context.Output.WriteOne(new SummaryDocument(report.Source, report.Covered, rows, PartRow.Of(report), report.MissingDays));
        }
        else
        {
            context.Output.WriteList(rows);
            if (rows.Length == 0) context.Note($"No {context.Value(_dimension)} has an event in these days.");
        }

        ReportNotes.Write(context, report);
        return ExitCode.Done;
    }

    private sealed record SummaryDocument(ReportSource Source, bool Covered, MemberRow[] Rows, PartRow[] Parts, IReadOnlyList<LocalDate> MissingDays);

    private sealed record MemberRow(long Id, long ResolvedConversationsCount, decimal? AvgResolutionTime, decimal? AvgFirstResponseTime, decimal? AvgReplyTime) : INested;
}
