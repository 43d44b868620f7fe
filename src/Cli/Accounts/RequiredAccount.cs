using Tally.Cli.Shell;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;

namespace Tally.Cli.Accounts;

/// <summary>The account that a command is about.</summary>
internal static class RequiredAccount
{
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public static async Task<Account> RequireAsync(this AccountStore accounts, long id, CancellationToken cancellationToken) =>
        await accounts.FindAsync(id, cancellationToken) ?? throw new UnknownAccountException(id);

    /// <summary>As above; asks for it when the command line does not say.</summary>
    /// <exception cref="CommandException">There is no answer, or it is no number.</exception>
    public static async Task<Account> RequireAsync(this AccountStore accounts, CommandContext run, long? given, CancellationToken cancellationToken) =>
        await accounts.RequireAsync(given ?? Parse(await run.AskAsync("Enter Account ID:", cancellationToken)), cancellationToken);

    private static long Parse(string? answer) => answer is null
        ? throw new CommandException("An account ID is required. Answer with its number, or give it on the command line.")
        : ValueKinds.Id.TryRead(answer, out var id)
            ? id
            : throw new CommandException($"'{answer}' is no account id. Use a whole number above 0; 'tally account list' shows them.");
}
