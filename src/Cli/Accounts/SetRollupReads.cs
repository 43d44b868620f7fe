using System.CommandLine;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Reports;

namespace Tally.Cli.Accounts;

/// <summary><c>tally account rollup-reads</c></summary>
internal sealed class SetRollupReads : TallyCommand
{
    private readonly Argument<long> _id = CommonOptions.AccountId();
    private readonly Argument<string> _switch = new("on|off") { Description = "on: reports read rollups; off: raw events." };
    private readonly Option<bool> _force = new("--force") { Description = "Switch on without verifying." };

    public SetRollupReads()
        : base("rollup-reads", "Let an account's reports read rollups, once all days verify as right. Exit code 1 if they do not.")
    {
        _switch.AcceptOnlyFromAmong("on", "off");
        Add(_id);
        Add(_switch);
        Add(_force);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var (id, reads) = (context.Value(_id), session.Get<RollupReads>());
        Account account;
        try
        {
            account = context.Value(_switch) == "off"
                ? await reads.DisableAsync(id, cancellationToken)
                : await context.Progress.RunAsync($"Verifying account {id}", 0, progress =>
                    reads.EnableAsync(id, context.Value(_force), Progress.Of<int>(days => progress.Report(days)), cancellationToken));
        }
        catch (UnverifiedRollupsException refusal)
        {
            context.Note(refusal.Message);
            return ExitCode.No;
        }

        context.Output.WriteOne(AccountRow.Of(account));
        if (account is { ReportRollup: true, Zone: null }) context.Note($"The account has no reporting timezone, so there are no rollups to read: 'tally account set-timezone {id}'.");
        return ExitCode.Done;
    }
}
