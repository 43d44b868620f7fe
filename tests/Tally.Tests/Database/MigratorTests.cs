using Dapper;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Database;

/// <summary>Each test has a database of its own.</summary>
public sealed class MigratorTests : IAsyncLifetime
{
    private static readonly Migration First = new(9001, "first", "CREATE TABLE one (id int);");
    private static readonly Migration Second = new(9002, "second", "CREATE TABLE two (id int); INSERT INTO two VALUES (2);");

    private readonly TestDatabase _database = new();

    public Task InitializeAsync() => _database.InitializeAsync();

    public Task DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public void Migrations_are_numbered_without_gaps_from_one() =>
        Migration.All.Select(migration => migration.Number).ShouldBe(Enumerable.Range(1, Migration.All.Count));

    [Fact]
    public async Task A_migrated_database_is_up_to_date()
    {
        (await new Migrator(_database.DataSource).MigrateAsync()).ShouldBeEmpty();

        var status = await new Migrator(_database.DataSource).GetStatusAsync();
        status.Pending.ShouldBeEmpty();
        status.Applied.Select(applied => (applied.Number, applied.Name, applied.Checksum))
            .ShouldBe(Migration.All.Select(migration => (migration.Number, migration.Name, migration.Checksum)));
    }

    [Fact]
    public async Task A_fresh_database_gets_every_migration_in_order()
    {
        await using var empty = await EmptyAsync();

        (await new Migrator(empty).GetStatusAsync()).Pending.ShouldBe(Migration.All);
        (await new Migrator(empty).MigrateAsync()).ShouldBe(Migration.All);

        (await new Migrator(empty).GetStatusAsync()).Pending.ShouldBeEmpty();
        (await new Migrator(empty).MigrateAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_status_writes_nothing()
    {
        await using var empty = await EmptyAsync();

        await new Migrator(empty).GetStatusAsync();

        (await ScalarAsync<bool>("SELECT to_regnamespace('tally') IS NULL", empty)).ShouldBeTrue();
    }

    [Fact]
    public async Task Only_what_is_new_is_applied()
    {
        (await Migrate(First).MigrateAsync()).ShouldBe([First]);

        (await Migrate(Second, First).MigrateAsync()).ShouldBe([Second]);

        (await ScalarAsync<int>("SELECT id FROM two")).ShouldBe(2);
    }

    [Fact]
    public async Task The_order_is_that_of_the_numbers()
    {
        var uses = new Migration(9003, "uses", "INSERT INTO two VALUES (3);");

        (await Migrate(uses, Second, First).MigrateAsync()).ShouldBe([First, Second, uses]);
    }

    [Fact]
    public async Task An_edited_migration_is_refused_and_nothing_is_applied()
    {
        await Migrate(First).MigrateAsync();
        var edited = Migrate(new Migration(First.Number, First.Name, "CREATE TABLE one (id bigint);"), Second);
        const string message = "Migration 9001_first was edited after it had been applied. Restore the file and put the change into a new migration.";

        (await Should.ThrowAsync<MigrationException>(() => edited.MigrateAsync())).Message.ShouldBe(message);
        (await Should.ThrowAsync<MigrationException>(() => edited.GetStatusAsync())).Message.ShouldBe(message);

        (await ScalarAsync<bool>("SELECT to_regclass('two') IS NULL")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_newer_database_is_refused()
    {
        await Migrate(First, Second).MigrateAsync();

        (await Should.ThrowAsync<MigrationException>(() => Migrate(First).MigrateAsync())).Message
            .ShouldBe("The database has migration 9002_second, which this version does not know. Use the version of Tally that applied it, or a newer one.");
    }

    [Theory]
    [InlineData("CREATE TABLE broken (id int); SELECT 1/0;", "division by zero")]
    [InlineData("CREATE TABL broken ();", "syntax error at or near \"TABL\"")]
    public async Task A_failure_applies_nothing_and_names_the_migration(string sql, string reason)
    {
        var failure = await Should.ThrowAsync<MigrationException>(() => Migrate(First, Second, new Migration(9003, "broken", sql)).MigrateAsync());

        failure.Message.ShouldBe($"Migration 9003_broken failed and nothing was applied: {reason}");
        (await ScalarAsync<bool>("SELECT to_regclass('one') IS NULL AND to_regclass('two') IS NULL AND to_regclass('broken') IS NULL")).ShouldBeTrue();
        (await new Migrator(_database.DataSource).GetStatusAsync()).Pending.ShouldBeEmpty();
        (await Migrate(First, Second).MigrateAsync()).ShouldBe([First, Second]);
    }

    [Fact]
    public async Task Many_at_once_apply_each_migration_once()
    {
        await using var empty = await EmptyAsync();

        var applied = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => new Migrator(empty).MigrateAsync()));

        applied.Count(migrations => migrations.Count == Migration.All.Count).ShouldBe(1);
        applied.Count(migrations => migrations.Count == 0).ShouldBe(5);
    }

    [Fact]
    public void Line_ends_make_no_difference_to_the_checksum()
    {
        Migration.All.ShouldAllBe(migration => !migration.Sql.Contains('\r'));
        First.Checksum.ShouldNotBe(Second.Checksum);
        First.Checksum.ShouldBe(new Migration(1, "other name", First.Sql).Checksum);
        First.Checksum.ShouldMatch("^[0-9a-f]{64}$");
    }

    private Migrator Migrate(params Migration[] more) => new(_database.DataSource, [.. Migration.All, .. more]);

    private async Task<T> ScalarAsync<T>(string sql, NpgsqlDataSource? dataSource = null)
    {
        await using var connection = await (dataSource ?? _database.DataSource).OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<T>(sql))!;
    }

    /// <summary>The test's database as it was before any migration.</summary>
    private async Task<NpgsqlDataSource> EmptyAsync()
    {
        await using (var connection = await _database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync($"DROP SCHEMA {string.Join(", ", await connection.QueryAsync<string>("SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public')"))} CASCADE");
        return TallyDataSource.Create(_database.ConnectionString);
    }
}
