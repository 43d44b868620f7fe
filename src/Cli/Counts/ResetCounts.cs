using System.CommandLine;
using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.ValueStream;

namespace Tally.Cli.Counts;

/// <summary><c>tally counts reset</c></summary>
internal sealed class ResetCounts : TallyCommand
{
    private readonly Argument<long> _group = CountParameters.Group();
    private readonly Option<LocalDate?> _month = CountParameters.Month("The month; by default the current one (UTC).");

    public ResetCounts()
        : base("reset", "Forget a group's position in a month, so that the next run counts it from the start. Exit code 1 if there is none.")
    {
        Add(_group);
        Add(_month);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var group = context.Value(_group);
        var reset = await session.Get<Aggregations>().ResetAsync(group, context.Value(_month), cancellationToken);
        context.Output.WriteOne(new ResetResult(group, reset));
        if (reset) return ExitCode.Done;
        context.Note($"Group {group} has no run in that month.");
        return ExitCode.No;
    }

    private sealed record ResetResult(long Group, bool Reset);
}
