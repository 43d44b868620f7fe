using System.CommandLine;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;

namespace Tally.Cli.Accounts;

/// <summary><c>tally account show</c></summary>
internal sealed class ShowAccount : TallyCommand
{
    private readonly Argument<long> _id = CommonOptions.AccountId();

    public ShowAccount()
        : base("show", "Show an account.") => Add(_id);

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var account = await session.Get<AccountStore>().FindAsync(context.Value(_id), cancellationToken)
            ?? throw new UnknownAccountException(context.Value(_id));
        context.Output.WriteOne(AccountRow.Of(account));
        return ExitCode.Done;
    }
}
