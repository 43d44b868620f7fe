using Dapper;
using Shouldly;
using Tally.Database;
using Xunit;

namespace Tally.Tests.Infrastructure;

public sealed class TestDatabaseTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_test_class_gets_a_migrated_database()
    {
        var status = await new Migrator(database.DataSource).GetStatusAsync();

        status.Pending.ShouldBeEmpty();
        status.Applied.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Databases_are_apart_from_each_other()
    {
        var other = new TestDatabase();
        await other.InitializeAsync();
        try
        {
            await using var connection = await other.DataSource.OpenConnectionAsync();
            await connection.ExecuteAsync("CREATE TABLE mark ()");
            await using var mine = await database.DataSource.OpenConnectionAsync();
            (await mine.ExecuteScalarAsync<bool>("SELECT to_regclass('mark') IS NULL")).ShouldBeTrue();
        }
        finally
        {
            await other.DisposeAsync();
        }
    }
}
