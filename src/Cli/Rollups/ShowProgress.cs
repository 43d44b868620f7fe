using System.CommandLine;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups progress</c></summary>
internal sealed class ShowProgress : TallyCommand
{
    private readonly Option<long?> _account = CommonOptions.Account("The account's number; by default every account's.");

    public ShowProgress()
        : base("progress", "Show the backfill requests, newest first: days done, kept, failed, and the time left.") => Add(_account);

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var requests = await session.Get<Backfills>().GetProgressAsync(context.Value(_account), cancellationToken);
        context.Output.WriteList([.. requests.Select(ProgressRow.Of)]);
        if (requests.Count == 0) context.Note("There are no backfill requests. 'tally rollups backfill' makes one.");
        return ExitCode.Done;
    }
}
