using System.Globalization;
using Tally.Cli.Shell;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;

namespace Tally.Cli.Accounts;

/// <summary>Which account? Asked when the command line does not say.</summary>
internal static class AccountQuestion
{
    /// <exception cref="CommandException">There is no answer, or it is no number.</exception>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public static async Task<Account> AskAsync(CommandContext context, long? given, AccountStore accounts, CancellationToken cancellationToken)
    {
        var id = given ?? Parse(await context.Prompts.AskAsync("Enter Account ID:", cancellationToken));
        return await accounts.FindAsync(id, cancellationToken) ?? throw new UnknownAccountException(id);
    }

    private static long Parse(string? answer) => answer is null
        ? throw new CommandException("An account ID is required. Answer with its number, or give it on the command line.")
        : long.TryParse(answer, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? id
            : throw new CommandException($"'{answer}' is no account id. Use a whole number above 0; 'tally account list' shows them.");
}
