using System.CommandLine;

namespace Tally.Cli.Database;

internal static class DatabaseCommands
{
    public static Command Create() => Commands.Group("db", "The database's schema.", new MigrateDatabase(), new BootstrapDatabase(), new ShowMigrations());
}
