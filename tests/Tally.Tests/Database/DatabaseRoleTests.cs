using Dapper;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Database;

/// <summary>The role is the server's, not the database's: each test makes its own, and drops it.</summary>
public sealed class DatabaseRoleTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly string _role = $"id \"tally\" {Guid.NewGuid():N}";

    public async Task InitializeAsync() => await new DatabaseRole(database.DataSource).GrantAsync(_role, objectId: null);

    public async Task DisposeAsync() =>
        await ExecuteAsync($"""DROP OWNED BY {Quoted}; DROP ROLE {Quoted}""");

    private string Quoted => "\"" + _role.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    [Fact]
    public async Task Granting_again_changes_nothing()
    {
        var before = await PrivilegesAsync();

        var grant = await new DatabaseRole(database.DataSource).GrantAsync(_role, objectId: Guid.NewGuid());

        grant.ShouldBe(new RoleGrant(Created: false, SignsInByToken: false));
        (await PrivilegesAsync()).ShouldBe(before);
    }

    [Theory]
    [InlineData("CREATE TABLE reporting.mine (id int)")]
    [InlineData("CREATE SCHEMA mine")]
    [InlineData("ALTER TABLE reporting.reporting_events ADD COLUMN mine int")]
    [InlineData("DROP TABLE billing.ft_billing")]
    [InlineData("TRUNCATE reporting.reporting_events")]
    [InlineData("UPDATE reporting.accounts SET name = 'mine'")]
    [InlineData("DELETE FROM billing.notifications")]
    [InlineData("INSERT INTO value_stream.issues DEFAULT VALUES")]
    [InlineData("SELECT * FROM tally.migrations")]
    public async Task What_the_app_does_not_need_is_refused(string statement)
    {
        var refused = await Should.ThrowAsync<PostgresException>(() => AsRoleAsync(statement));

        refused.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Theory]
    [InlineData("DELETE FROM reporting.reporting_events")]
    [InlineData("UPDATE reporting.reporting_days SET state = state")]
    [InlineData("DELETE FROM value_stream.value_stream_dashboard_counts")]
    [InlineData("UPDATE billing.refresh_lease SET fence = fence")]
    [InlineData("SELECT * FROM billing.notifications")]
    [InlineData("SELECT value_stream.add_count_partitions(date '2031-01-01', 1)")]
    public async Task What_the_app_needs_is_allowed(string statement) => await Should.NotThrowAsync(() => AsRoleAsync(statement));

    private async Task AsRoleAsync(string statement)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync($"SET LOCAL ROLE {Quoted}", transaction: transaction);
        await connection.ExecuteAsync(statement, transaction: transaction);
    }

    private async Task<List<string>> PrivilegesAsync()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>(
            "SELECT table_schema || '.' || table_name || ' ' || privilege_type FROM information_schema.role_table_grants WHERE grantee = @role ORDER BY 1", new { role = _role })];
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
