using Tally.Cli.Shell;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;

namespace Tally.Cli.Rollups;

/// <summary>
/// Whether reports may read the rollups now. It comes after the backfill's own result, so that its failure is not taken
/// for the backfill's.
/// </summary>
internal sealed class ReadPathQuestion(CommandContext context, AccountStore accounts)
{
    public async Task AskAsync(long accountId, bool enable, bool mayAsk, CancellationToken cancellationToken)
    {
        var account = await accounts.FindAsync(accountId, cancellationToken) ?? throw new UnknownAccountException(accountId);
        if (account.ReportRollup)
        {
            context.Note("report_rollup is already enabled for this account.");
            return;
        }

        if (!enable && !(mayAsk && await context.Prompts.ConfirmAsync("Let reports read rollups now (report_rollup)? Only do this after verification.", cancellationToken))) return;
        await accounts.SetReportRollupAsync(accountId, true, cancellationToken);
        context.Note($"Enabled report_rollup for account {accountId}.");
    }
}
