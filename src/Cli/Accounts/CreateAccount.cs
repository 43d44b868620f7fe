using System.CommandLine;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;

namespace Tally.Cli.Accounts;

/// <summary><c>tally account create</c></summary>
internal sealed class CreateAccount : TallyCommand
{
    private readonly Argument<long> _id = CommonOptions.AccountId();
    private readonly Option<string?> _name = new("--name") { Description = "The account's name." };

    public CreateAccount()
        : base("create", "Add an account.")
    {
        Add(_id);
        Add(_name);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var account = await session.Get<AccountStore>().CreateAsync(context.Value(_id), context.Value(_name), cancellationToken);
        context.Output.WriteOne(AccountRow.Of(account));
        context.Note($"Events of this account are stored, and rolled up once it has a zone: 'tally account set-timezone {account.Id}'.");
        return ExitCode.Done;
    }
}
