using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Database;

namespace Tally.Cli.Database;

/// <summary><c>tally db</c></summary>
internal static class DatabaseCommands
{
    public static Noun Create() => new("db", "The database's schema.", Migrate(), Bootstrap(), Status());

    private static Verb Migrate() => new("migrate", "Apply the pending migrations, all or none.", [], async (run, token) =>
    {
        var session = await run.OpenAsync(ServerNeeds.AnySchema, token);
        var applied = await run.Progress.RunAsync("Migrating", _ => session.Get<Migrator>().MigrateAsync(token));
        run.Output.WriteList([.. applied.Select(migration => new AppliedRow(migration.Number, migration.Name, "applied"))]);
        run.Note(applied.Count == 0 ? "The schema is up to date." : $"Applied {Words.Count(applied.Count, "migration")}.");
    });

    private static Verb Bootstrap()
    {
        var identity = Inputs.Text("--identity", "The function app's role: on Azure, the name of its managed identity.", "NAME");
        identity.Required = true;
        var objectId = ValueKinds.Uuid.Optional("--object-id", "That identity's object id, to sign in by token; only on Azure.");
        return new("bootstrap", "Create the function app's role and grant it what it needs, no more. Run it after 'tally db migrate'; again does no harm.", [identity, objectId], async (run, token) =>
        {
            var session = await run.OpenAsync(ServerNeeds.Database, token);
            var name = run.Value(identity)!;
            var grant = await new DatabaseRole(session.Database).GrantAsync(name, run.Value(objectId), token);
            run.Output.WriteOne(new RoleRow(name, grant.Created ? "created" : "updated", grant.SignsInByToken));
        });
    }

    private static Verb Status() => new("status", "Show which migrations are applied. Exit code 1 if any is pending.", [], async (run, token) =>
    {
        var session = await run.OpenAsync(ServerNeeds.AnySchema, token);
        var status = await session.Get<Migrator>().GetStatusAsync(token);
        run.Output.WriteList(
        [
            .. status.Applied.Select(migration => new MigrationRow(migration.Number, migration.Name, "applied", migration.AppliedAt)),
            .. status.Pending.Select(migration => new MigrationRow(migration.Number, migration.Name, "pending", null)),
        ]);
        if (status.Pending.Count == 0) return ExitCode.Done;
        run.Note("Run 'tally db migrate' to apply what is pending.");
        return ExitCode.No;
    });

    private sealed record AppliedRow(int Number, string Name, string State);

    private sealed record MigrationRow(int Number, string Name, string State, Instant? AppliedAt);

    private sealed record RoleRow(string Role, string State, bool SignsInByToken);
}
