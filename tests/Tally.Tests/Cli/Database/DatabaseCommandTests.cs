using Npgsql;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Database;

public sealed class DatabaseCommandTests : IAsyncLifetime, IDisposable
{
    private readonly string _database = $"test_{Guid.NewGuid():N}";
    private readonly CliRunner _tally = new();

    public async Task InitializeAsync()
    {
        await ExecuteAsync($"CREATE DATABASE {_database}");
        _tally["ConnectionStrings__Tally"] = new NpgsqlConnectionStringBuilder(TestServers.PostgresConnectionString) { Database = _database, Pooling = false }.ConnectionString;
    }

    public Task DisposeAsync() => ExecuteAsync($"DROP DATABASE {_database} WITH (FORCE)");

    public void Dispose() => _tally.Dispose();

    [Fact]
    public async Task A_configured_database_is_migrated_only_on_demand()
    {
        var refused = await _tally.RunAsync("account", "list");
        refused.ExitCode.ShouldBe(ExitCode.Error);
        refused.Error.ShouldContain("Run 'tally db migrate'");

        var pending = await _tally.RunAsync("db", "status", "--output", "csv");
        pending.ExitCode.ShouldBe(ExitCode.No);
        pending.Out.ShouldContain("1,schemas,pending,");

        (await _tally.RunAsync("db", "migrate")).ExitCode.ShouldBe(ExitCode.Done);

        var applied = await _tally.RunAsync("db", "status", "--output", "csv");
        applied.ExitCode.ShouldBe(ExitCode.Done);
        applied.Out.ShouldContain("1,schemas,applied,");
        (await _tally.RunAsync("account", "list")).ExitCode.ShouldBe(ExitCode.Done);
        (await _tally.RunAsync("db", "migrate")).Error.ShouldContain("up to date");
    }

    [Fact]
    public async Task A_role_for_other_tools_is_made_and_reads_the_views_alone()
    {
        var role = $"reader_{Guid.NewGuid():N}";
        (await _tally.RunAsync("db", "migrate")).ExitCode.ShouldBe(ExitCode.Done);
        try
        {
            var made = await _tally.RunAsync("db", "bootstrap", "--reader", role, "--output", "csv");
            made.ExitCode.ShouldBe(ExitCode.Done, made.Error);
            made.Out.ShouldContain(role);
            (await _tally.RunAsync("db", "bootstrap", "--reader", role)).ExitCode.ShouldBe(ExitCode.Done);

            await ExecuteAsync($"SET ROLE {role}; SELECT * FROM tally_read.daily_rollups", _database);
            (await Should.ThrowAsync<PostgresException>(() => ExecuteAsync($"SET ROLE {role}; SELECT * FROM reporting.reporting_events", _database)))
                .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        }
        finally
        {
            await ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}", _database);
        }
    }

    [Theory]
    [InlineData("db", "bootstrap")]
    [InlineData("db", "bootstrap", "--reader", "one", "--identity", "two")]
    public async Task A_role_is_for_the_app_or_for_other_tools_and_never_for_both(params string[] command)
    {
        var refused = await _tally.RunAsync(command);

        refused.ExitCode.ShouldBe(ExitCode.Error);
        refused.Error.ShouldContain("--reader NAME for other tools");
    }

    private static async Task ExecuteAsync(string sql, string? database = null)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(TestServers.PostgresConnectionString) { Database = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
