using System.CommandLine;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups cancel</c></summary>
internal sealed class CancelBackfill : TallyCommand
{
    private readonly Argument<Guid> _request = RequestArgument.Create();

    public CancelBackfill()
        : base("cancel", "Stop a backfill request. Days that are done stay done; the others stay as they are.") => Add(_request);

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var backfills = session.Get<Backfills>();
        var id = context.Value(_request);
        await backfills.CancelAsync(id, cancellationToken);
        context.Output.WriteOne(ProgressRow.Of(await backfills.GetAsync(id, cancellationToken)));
        context.Note($"'tally rollups resume {id}' takes it up again.");
        return ExitCode.Done;
    }
}
