using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Database;

namespace Tally.Cli.Database;

/// <summary><c>tally db status</c></summary>
internal sealed class ShowMigrations() : TallyCommand("status", "Show which migrations are applied. Exit code 1 if any is pending.")
{
    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.AnySchema, cancellationToken);
        var status = await session.Get<Migrator>().GetStatusAsync(cancellationToken);
        context.Output.WriteList(
        [
            .. status.Applied.Select(migration => new MigrationRow(migration.Number, migration.Name, "applied", migration.AppliedAt)),
            .. status.Pending.Select(migration => new MigrationRow(migration.Number, migration.Name, "pending", null)),
        ]);
        if (status.Pending.Count == 0) return ExitCode.Done;
        context.Note("Run 'tally db migrate' to apply what is pending.");
        return ExitCode.No;
    }

    private sealed record MigrationRow(int Number, string Name, string State, Instant? AppliedAt);
}
