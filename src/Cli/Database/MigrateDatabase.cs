using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Database;

namespace Tally.Cli.Database;

/// <summary><c>tally db migrate</c></summary>
internal sealed class MigrateDatabase() : TallyCommand("migrate", "Apply the pending migrations, all or none.")
{
    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.AnySchema, cancellationToken);
        var applied = await session.Get<Migrator>().MigrateAsync(cancellationToken);
        context.Output.WriteList([.. applied.Select(migration => new MigrationRow(migration.Number, migration.Name, "applied"))]);
        context.Note(applied.Count == 0 ? "The schema is up to date." : $"Applied {Words.Count(applied.Count, "migration")}.");
        return ExitCode.Done;
    }

    private sealed record MigrationRow(int Number, string Name, string State);
}
