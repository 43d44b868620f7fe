using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using NodaTime.Testing;
using Npgsql;
using Tally.Reporting;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Reporting;

/// <summary>Tally's services over a database of their own, with a clock that the test sets.</summary>
public sealed class ReportingHost : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private ServiceProvider _services = null!;

    public FakeClock Clock { get; } = new(Instant.FromUtc(2026, 2, 12, 10, 0));

    public NpgsqlDataSource DataSource => _database.DataSource;

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public async Task InitializeAsync()
    {
        await _database.InitializeAsync();
        _services = NewServices();
    }

    public async Task DisposeAsync()
    {
        await _services.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>The same services once more, with caches of their own: another process.</summary>
    public ServiceProvider NewServices()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("ConnectionStrings:Tally", _database.ConnectionString)])
            .Build();
        return new ServiceCollection().AddLogging().AddSingleton<IClock>(Clock).AddTally(configuration).BuildServiceProvider();
    }

    /// <summary>Inserts an account; its zone holds since long ago, so that every day has lived whole under it.</summary>
    public async Task AddAccountAsync(long id, string? zone = "America/New_York") => await ExecuteAsync(
        "INSERT INTO reporting.accounts (id, reporting_timezone, timezone_set_at) VALUES (@id, @zone, '2000-01-01Z')", new { id, zone });

    public async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<T>(sql, parameters)];
    }

    internal Task<IReadOnlyList<EventOutcome>> ApplyAsync(params ReportingEvent[] events) => Get<EventIntake>().ApplyAsync(events, CancellationToken.None);

    public Task<IReadOnlyList<RollupRow>> RowsAsync(long accountId) => Get<RollupReader>().ReadAsync(accountId, new LocalDate(1970, 1, 1), new LocalDate(2199, 1, 1));
}
