using System.CommandLine;
using NodaTime;
using NodaTime.Text;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.ValueStream;

namespace Tally.Cli.Counts;

/// <summary><c>tally counts status</c></summary>
internal sealed class ShowCountStatus : TallyCommand
{
    private readonly Option<LocalDate?> _month = CountParameters.Month("The month; by default the current one (UTC).");

    public ShowCountStatus()
        : base("status", "Show how far each group's counts are: position, percent, lease, failures.") => Add(_month);

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var groups = await session.Get<CountStatus>().ReadAsync(context.Value(_month), cancellationToken);
        context.Output.WriteList([.. groups.Select(StatusRow.Of)]);
        if (groups.Count == 0) context.Note("No group takes part. 'tally counts enable GROUP' lets one.");
        return ExitCode.Done;
    }

    private sealed record StatusRow(
        long Group, string Month, string State, string? Metric, long? NamespaceId, long? PartialNamespaceId, long? PartialCount,
        decimal Percent, long Rows, string? LeaseOwner, Instant? LeaseUntil, int Attempts, string? LastError,
        Instant? StartedAt, Instant? FinishedAt)
    {
        public static StatusRow Of(GroupStatus status) => new(
            status.Group,
            YearMonthPattern.Iso.Format(status.Month.ToYearMonth()),
            status.Enabled ? (status.State ?? RunState.Waiting).ToString().ToLowerInvariant() : "disabled",
            status.Metric is { } number ? Tally.ValueStream.Metric.All[number - 1].Name : null,
            status.NamespaceId, status.PartialNamespaceId, status.LastCount,
            status.Percent, status.Rows, status.LeaseOwner, status.LeaseUntil, status.Attempts, status.LastError,
            status.StartedAt, status.FinishedAt);
    }
}
