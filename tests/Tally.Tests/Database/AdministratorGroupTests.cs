using System.Security.Cryptography;
using Dapper;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Database;

/// <summary>
/// Two people administer one database, neither of them a superuser. In Azure the members of a group sign in under its name;
/// here each signs in as herself and takes the group's role, which comes to the same.
/// </summary>
public sealed class AdministratorGroupTests : IAsyncLifetime
{
    private readonly string _suffix = Guid.NewGuid().ToString("N")[..12];
    private readonly string _password = RandomNumberGenerator.GetHexString(24);
    private NpgsqlDataSource _server = null!;

    private string Group => $"admins_{_suffix}";

    private string App => $"app_{_suffix}";

    public async Task InitializeAsync()
    {
        _server = NpgsqlDataSource.Create(TestServers.PostgresConnectionString);
        await ExecuteAsync($"CREATE ROLE {Group} CREATEROLE");
        foreach (var person in new[] { "anna", "ben" })
            await ExecuteAsync($"CREATE ROLE {person}_{_suffix} LOGIN CREATEROLE PASSWORD '{_password}' IN ROLE {Group}");
        await ExecuteAsync($"CREATE DATABASE shared_{_suffix} OWNER {Group}");
    }

    public async Task DisposeAsync()
    {
        await ExecuteAsync($"DROP DATABASE IF EXISTS shared_{_suffix} WITH (FORCE)");
        foreach (var role in new[] { App, $"anna_{_suffix}", $"ben_{_suffix}", Group }) await ExecuteAsync($"DROP ROLE IF EXISTS {role}");
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task What_one_of_a_group_has_migrated_the_next_one_migrates_further_and_grants_anew()
    {
        await using (var anna = SignIn("anna", asGroup: true))
        {
            await new Migrator(anna, [.. Migration.All.SkipLast(1)]).MigrateAsync();
            (await new DatabaseRole(anna).GrantAsync(App, objectId: null)).Created.ShouldBeTrue();
        }

        await using var ben = SignIn("ben", asGroup: true);
        (await new Migrator(ben).MigrateAsync()).Select(migration => migration.Number).ShouldBe([Migration.All[^1].Number]);
        (await new DatabaseRole(ben).GrantAsync(App, objectId: null)).Created.ShouldBeFalse();
        await using var connection = await ben.OpenConnectionAsync();
        await connection.ExecuteAsync("ALTER TABLE reporting.reporting_events ADD COLUMN of_ben integer");
    }

    [Fact]
    public async Task What_one_person_has_migrated_as_herself_another_cannot_change()
    {
        await using (var anna = SignIn("anna", asGroup: false)) await new Migrator(anna).MigrateAsync();

        await using var ben = SignIn("ben", asGroup: false);
        await using var connection = await ben.OpenConnectionAsync();
        (await Should.ThrowAsync<PostgresException>(() => connection.ExecuteAsync("ALTER TABLE reporting.reporting_events ADD COLUMN of_ben integer")))
            .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    private NpgsqlDataSource SignIn(string person, bool asGroup) => TallyDataSource.Create(new NpgsqlConnectionStringBuilder(TestServers.PostgresConnectionString)
    {
        Username = $"{person}_{_suffix}",
        Password = _password,
        Database = $"shared_{_suffix}",
        Options = asGroup ? $"-c role={Group}" : null,
        Pooling = false,
    }.ConnectionString);

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _server.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
