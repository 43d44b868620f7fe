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
        var reader = Inputs.Text("--reader", "A role for other tools, for example tally_reader: it reads the views of schema tally_read and nothing else.", "NAME");
        var objectId = ValueKinds.Uuid.Optional("--object-id", "That identity's object id, to sign in by token; only on Azure.");
        return new("bootstrap", "Create the function app's role, or one for other tools, and grant it what it needs, no more. Run it after 'tally db migrate'; again does no harm.", [identity, reader, objectId], async (run, token) =>
        {
            var (app, other) = (run.Value(identity), run.Value(reader));
            if ((app is null) == (other is null)) throw new CommandException("Name one role: --identity NAME for the function app, or --reader NAME for other tools.");
            var role = new DatabaseRole((await run.OpenAsync(ServerNeeds.Database, token)).Database);
            var grant = app is not null ? await role.GrantAsync(app, run.Value(objectId), token) : await role.GrantReaderAsync(other!, run.Value(objectId), token);
            run.Output.WriteOne(new RoleRow((app ?? other)!, grant.Created ? "created" : "updated", grant.SignsInByToken));
            if (other is not null && grant is { Created: true, SignsInByToken: false }) run.Note($"It has no password yet. In psql, as an administrator: \\password \"{other}\"");
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
