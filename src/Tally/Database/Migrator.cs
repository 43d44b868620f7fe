using Dapper;
using Npgsql;

namespace Tally.Database;

/// <summary>
/// Brings a database to this version's schema. All pending migrations apply in one transaction under one
/// advisory lock: several callers at once are safe, and a failure leaves the schema as it was.
/// </summary>
/// <param name="dataSource">The database.</param>
/// <param name="migrations">The migrations to know; by default <see cref="Migration.All"/>.</param>
internal sealed class Migrator(NpgsqlDataSource dataSource, IReadOnlyList<Migration>? migrations = null)
{
    // Any fixed number serves; this one spells "tally".
    private const long LockKey = 0x74616C6C79;

    private const string CreateHistory = """
        CREATE SCHEMA IF NOT EXISTS tally;
        CREATE TABLE IF NOT EXISTS tally.migrations (
            number integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        """;

    private readonly IReadOnlyList<Migration> _known = migrations ?? Migration.All;

    /// <summary>Applies what is pending and returns it; an empty list means that the schema was up to date.</summary>
    /// <exception cref="MigrationException">An applied migration was edited, or the database is newer than this program.</exception>
    public async Task<IReadOnlyList<Migration>> MigrateAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("SELECT pg_advisory_xact_lock(@lock_key)", new { lock_key = LockKey }, transaction, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition(CreateHistory, transaction: transaction, cancellationToken: cancellationToken));

        var pending = Pending(await ReadAppliedAsync(connection, cancellationToken));
        foreach (var migration in pending)
        {
            await using var command = new NpgsqlCommand(migration.Sql, connection, transaction) { CommandTimeout = 0 };
            try
            {
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
            catch (PostgresException exception)
            {
                throw new MigrationException($"Migration {migration.Number:0000}_{migration.Name} failed and nothing was applied: {exception.MessageText}", exception);
            }

            await connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO tally.migrations (number, name, checksum) VALUES (@number, @name, @checksum)",
                migration, transaction, cancellationToken: cancellationToken));
        }

        await transaction.CommitAsync(cancellationToken);
        return pending;
    }

    /// <summary>Which migrations are applied and which are pending. Writes nothing.</summary>
    /// <exception cref="MigrationException">As for <see cref="MigrateAsync"/>.</exception>
    public async Task<MigrationStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var exists = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "SELECT to_regclass('tally.migrations') IS NOT NULL", cancellationToken: cancellationToken));
        var applied = exists ? await ReadAppliedAsync(connection, cancellationToken) : [];
        return new MigrationStatus(applied, Pending(applied));
    }

    private static async Task<IReadOnlyList<AppliedMigration>> ReadAppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<AppliedMigration>(new CommandDefinition(
            "SELECT number, name, checksum, applied_at FROM tally.migrations ORDER BY number", cancellationToken: cancellationToken))];

    private List<Migration> Pending(IReadOnlyList<AppliedMigration> applied)
    {
        var known = _known.ToDictionary(migration => migration.Number);
        foreach (var old in applied)
        {
            if (!known.TryGetValue(old.Number, out var migration))
                throw new MigrationException($"The database has migration {old.Number:0000}_{old.Name}, which this version does not know. Use the version of Tally that applied it, or a newer one.");
            if (migration.Checksum != old.Checksum)
                throw new MigrationException($"Migration {old.Number:0000}_{old.Name} was edited after it had been applied. Restore the file and put the change into a new migration.");
        }

        var done = applied.Select(old => old.Number).ToHashSet();
        return [.. _known.Where(migration => !done.Contains(migration.Number)).OrderBy(migration => migration.Number)];
    }
}
