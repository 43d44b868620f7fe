using System.CommandLine;

namespace Tally.Cli.Accounts;

internal static class AccountCommands
{
    public static Command Create() => Commands.Group(
        "account", "Accounts and the time zones that their days are cut in.",
        new CreateAccount(), new ShowAccount(), new ListAccounts(), new SetTimezone(), new SetRollupReads());
}
