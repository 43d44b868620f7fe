using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using NodaTime.Testing;
using Npgsql;
using Tally.Billing;
using Tally.Billing.Refresh;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

/// <summary>A test on an empty billing schema, with a clock that stands still.</summary>
public abstract class BillingTest(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly List<ServiceProvider> _workers = [];

    private protected static readonly CancellationToken None = CancellationToken.None;

    private protected NpgsqlDataSource DataSource => database.DataSource;

    private protected string ConnectionString => database.ConnectionString;

    private protected FakeClock Clock { get; } = new(Instant.FromUtc(2024, 6, 15, 12, 0));

    private protected TestSender Sender { get; } = new();

    private protected World World => new(DataSource, Clock);

    public async Task InitializeAsync() => await ExecuteAsync("""
        TRUNCATE billing.organization, billing.services, billing.service_permissions, billing.notifications, billing.notification_history,
                 billing.rates, billing.annual_billing, billing.ft_billing, billing.refresh_runs, billing.refresh_run_days,
                 billing.settled_days, billing.closed_months, billing.corrections, billing.usage_thresholds;
        UPDATE billing.refresh_lease SET lease_owner = NULL, lease_until = NULL
        """);

    public async Task DisposeAsync()
    {
        foreach (var worker in _workers) await worker.DisposeAsync();
    }

    /// <summary>Billing's services as one process has them, with settings such as <c>Billing:NightlyDays</c>.</summary>
    private protected ServiceProvider Worker(params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)))
            .Build();
        var worker = new ServiceCollection().AddLogging().AddSingleton<IClock>(Clock).AddSingleton(DataSource).AddSingleton<IMessageSender>(Sender).AddBilling(configuration).BuildServiceProvider();
        _workers.Add(worker);
        return worker;
    }

    private protected T Get<T>()
        where T : notnull => (_workers.FirstOrDefault() ?? Worker()).GetRequiredService<T>();

    private protected Task<IReadOnlyList<RefreshedDay>> RefreshAsync(params LocalDate[] days) => Get<ManualRefresh>().RefreshAsync(days);

    private protected async Task<int> ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        return await connection.ExecuteAsync(sql, parameters);
    }

    private protected async Task<T> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<T>(sql, parameters))!;
    }

    private protected async Task<IReadOnlyList<Fact>> FactsAsync()
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<Fact>("""
            SELECT * FROM billing.ft_billing
            ORDER BY local_date, service_id, notification_type DESC, template_id, provider, rate_multiplier, international, rate
            """)];
    }
}
