using System.CommandLine;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Database;

namespace Tally.Cli.Database;

/// <summary><c>tally db bootstrap</c></summary>
internal sealed class BootstrapDatabase : TallyCommand
{
    private readonly Option<string> _identity = new("--identity")
    {
        Description = "The function app's role: on Azure, the name of its managed identity.",
        HelpName = "NAME",
        Required = true,
    };

    private readonly Option<Guid?> _objectId = new("--object-id")
    {
        Description = "That identity's object id, to sign in by token; only on Azure.",
        HelpName = "GUID",
    };

    public BootstrapDatabase()
        : base("bootstrap", "Create the function app's role and grant it what it needs, no more. Run it after 'tally db migrate'; again does no harm.")
    {
        Add(_identity);
        Add(_objectId);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var name = context.Value(_identity)!;
        var grant = await new DatabaseRole(session.Database).GrantAsync(name, context.Value(_objectId), cancellationToken);
        context.Output.WriteOne(new RoleRow(name, grant.Created ? "created" : "updated", grant.SignsInByToken));
        return ExitCode.Done;
    }

    private sealed record RoleRow(string Role, string State, bool SignsInByToken);
}
