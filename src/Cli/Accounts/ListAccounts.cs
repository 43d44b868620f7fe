using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;

namespace Tally.Cli.Accounts;

/// <summary><c>tally account list</c></summary>
internal sealed class ListAccounts() : TallyCommand("list", "List the accounts.")
{
    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var accounts = await session.Get<AccountStore>().ListAsync(cancellationToken);
        context.Output.WriteList([.. accounts.Select(AccountRow.Of)]);
        if (accounts.Count == 0) context.Note("There is no account yet. Add one with 'tally account create ID'.");
        return ExitCode.Done;
    }
}
