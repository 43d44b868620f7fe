using System.CommandLine;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups resume</c></summary>
internal sealed class ResumeBackfill : TallyCommand
{
    private readonly Argument<Guid> _request = RequestArgument.Create();

    public ResumeBackfill()
        : base("resume", "Take up a cancelled or failed backfill request with the days that are not done.") => Add(_request);

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Both, cancellationToken);
        var backfills = session.Get<Backfills>();
        var id = context.Value(_request);
        var messages = await backfills.ResumeAsync(id, cancellationToken);
        var progress = await backfills.GetAsync(id, cancellationToken);
        await new BackfillStart(context, session).StartAsync(progress.Request, messages, cancellationToken);
        context.Output.WriteOne(ProgressRow.Of(await backfills.GetAsync(id, cancellationToken)));
        if (messages.Count == 0) context.Note("Every day of this request is done.");
        return ExitCode.Done;
    }
}
