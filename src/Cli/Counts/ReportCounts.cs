using System.CommandLine;
using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.ValueStream;

namespace Tally.Cli.Counts;

/// <summary><c>tally counts report</c></summary>
internal sealed class ReportCounts : TallyCommand
{
    private readonly Option<long?> _namespace = CountParameters.Namespace();
    private readonly Option<Metric> _metric = CountParameters.Metric();
    private readonly Option<LocalDate?> _from = CommonOptions.Date("--from", "First day (UTC) on which a value may have been counted.");
    private readonly Option<LocalDate?> _to = CommonOptions.Date("--to", "Last such day, included.");

    public ReportCounts()
        : base("report", "Show the newest value of a metric for a group, with its tree, or for a project; and whether it is complete.")
    {
        _from.Required = _to.Required = true;
        Add(_namespace);
        Add(_metric);
        Add(_from);
        Add(_to);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var (id, metric) = (context.Value(_namespace)!.Value, context.Value(_metric)!);
        var answer = await session.Get<CountReport>().ReadAsync(id, metric, context.Value(_from)!.Value, context.Value(_to)!.Value, cancellationToken);

        context.Output.WriteOne(new ReportRow(id, metric.Name, answer.Count, answer.RecordedAt, answer.Counted, answer.Expected, answer.Complete));
        if (answer.Counted < answer.Expected) context.Note($"{answer.Expected - answer.Counted} of {answer.Expected} namespaces have no value in these days.");
        if (answer.RunState is { } state and not RunState.Complete) context.Note($"The count of {answer.Month:uuuu-MM} is {state.ToString().ToLowerInvariant()}: 'tally counts status'.");
        return ExitCode.Done;
    }

    private sealed record ReportRow(long Namespace, string Metric, long? Count, Instant? RecordedAt, long Counted, long Expected, bool Complete);
}
