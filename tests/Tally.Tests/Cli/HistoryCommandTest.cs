using Dapper;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Reporting.Accounts;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli;

/// <summary>What tests of commands on an account's history share: a database, a command line on it, and an account for each test.</summary>
public abstract class HistoryCommandTest(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static long _lastAccount = 500;

    private protected CliRunner Runner { get; } = new(database.ConnectionString);

    protected string Account { get; } = $"{Interlocked.Increment(ref _lastAccount)}";

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        Runner.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Creates the account in New York and brings in these events, of user 7 and conversation 9, and their rollups; returns the events' ids.</summary>
    protected async Task<Guid[]> CreateAccountAsync(params (string Name, int Value, string CreatedAt)[] events)
    {
        (await Runner.RunAsync("account", "create", Account)).ExitCode.ShouldBe(ExitCode.Done);
        await ExecuteAsync($"UPDATE reporting.accounts SET reporting_timezone = 'America/New_York', timezone_set_at = '2020-01-01Z' WHERE id = {Account}");
        var ids = Array.ConvertAll(events, _ => Guid.NewGuid());
        var file = Runner.WriteFile("history.ndjson", string.Join('\n', events.Zip(ids, (one, id) =>
            $$"""{"id":"{{id}}","accountId":{{Account}},"name":"{{one.Name}}","value":{{one.Value}},"userId":7,"conversationId":9,"createdAt":"{{one.CreatedAt}}"}""")));
        var imported = await Runner.RunAsync("events", "import", file);
        imported.ExitCode.ShouldBe(ExitCode.Done, imported.Error);
        (await Runner.RunAsync("rollups", "backfill", "--account", Account, "--inline", "--yes")).ExitCode.ShouldBe(ExitCode.Done);
        return ids;
    }

    protected async Task ExecuteAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }

    protected async Task<T?> ScalarAsync<T>(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql);
    }
}
