using Dapper;
using Microsoft.Extensions.Configuration;
using NodaTime;
using NodaTime.Testing;
using Tally.Dashboard.Hosting;
using Tally.Dashboard.Views;
using Tally.Reporting.Accounts;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Dashboard;

/// <summary>A dashboard over a database with a little of everything.</summary>
public sealed class DashboardHost : IAsyncLifetime
{
    public const long Account = 8;

    /// <summary>A name that is a tag, a quote and an entity.</summary>
    public const string Name = "<b>\"Acme\" & Söhne</b>";

    /// <summary>A name that a spreadsheet would take for a formula.</summary>
    public const string Formula = "=HYPERLINK(\"x\")";

    public static readonly Guid Organization = Guid.Parse("0198f2a0-0000-4000-8000-000000000001");

    private readonly ReportingHost _reporting = new();

    internal FakeQueues Queues { get; } = new();

    internal DashboardServer Server { get; private set; } = null!;

    internal HttpClient Client { get; private set; } = null!;

    public ReportingHost Reporting => _reporting;

    public string ConnectionString => _reporting.ConnectionString;

    internal async Task<DashboardServer> StartAsync(IQueues queues, TimeSpan? patience = null, TimeSpan? queuePatience = null, TimeSpan? longestRead = null) => await DashboardServer.StartAsync(
        new DashboardOptions
        {
            Settings = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Tally", ConnectionString)]).Build(),
            Queues = queues,
            Clock = new FakeClock(Instant.FromUtc(2026, 2, 12, 10, 0)),
            Describe = exception => exception.Message,
            Patience = patience ?? TimeSpan.FromMinutes(1),
            QueuePatience = queuePatience ?? TimeSpan.FromMinutes(1),
            LongestRead = longestRead ?? TimeSpan.FromMinutes(1),
        },
        CancellationToken.None);

    /// <summary>An account whose days were compared with the time zone data of today.</summary>
    public async Task AddAccountAsync(long id)
    {
        await _reporting.AddAccountAsync(id);
        await _reporting.ExecuteAsync("UPDATE reporting.accounts SET compared_rules = @version WHERE id = @id", new { version = ZoneRules.Default.Version, id });
    }

    public async Task InitializeAsync()
    {
        await _reporting.InitializeAsync();
        await AddAccountAsync(Account);
        await _reporting.ExecuteAsync("UPDATE reporting.accounts SET name = @name, report_rollup = true", new { name = Name });
        await _reporting.AddRawAsync([.. Enumerable.Range(0, 40).Select(index => TestEvent.FirstResponse(Account, 60 + index, TestEvent.Noon - Duration.FromHours(6 * index)))]);
        for (var back = 0; back <= 10; back++) await _reporting.RebuildAsync(Account, TestEvent.Day.PlusDays(-back));
        await _reporting.ExecuteAsync("""
            INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES (1, 'Group', NULL), (11, 'Project', 1);
            INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) VALUES (101, 1, 11);
            INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) VALUES (1);
            INSERT INTO value_stream.value_stream_dashboard_counts (namespace_id, metric, period_month, count, recorded_at)
            VALUES (11, 2, '2026-01-01', 41, '2026-01-05Z'), (11, 2, '2026-02-01', 43, '2026-02-05Z');
            """);
        await _reporting.ExecuteAsync(
            """
            INSERT INTO billing.organization (id, name) VALUES (@organization, @name);
            INSERT INTO billing.services (id, name, organization_id, restricted) VALUES (@organization, @formula, @organization, false);
            INSERT INTO billing.annual_billing (service_id, financial_year_start, free_sms_fragment_limit) VALUES (@organization, 2026, 100);
            INSERT INTO billing.ft_billing (local_date, template_id, service_id, notification_type, provider, rate_multiplier, international, rate, billable_units, notifications_sent)
            VALUES ('2026-01-20', @organization, @organization, 'sms', 'x', 1, false, 0.05, 90, 80), ('2026-02-03', @organization, @organization, 'sms', 'x', 1, false, 0.05, 30, 30);
            """,
            new { organization = Organization, name = Name, formula = Formula });
        Server = await StartAsync(Queues);
        Client = new HttpClient { BaseAddress = Server.Address };
    }

    public async Task DisposeAsync()
    {
        Client?.Dispose();
        if (Server is not null) await Server.DisposeAsync();
        await _reporting.DisposeAsync();
    }
}

/// <summary>Queues that a test fills.</summary>
internal sealed class FakeQueues : IQueues
{
    /// <summary>What is answered.</summary>
    public Func<CancellationToken, Task<IReadOnlyList<QueueState>>> Answer { get; set; } = _ => Task.FromResult(None);

    public static IReadOnlyList<QueueState> None { get; } = [.. QueueNames.All.SelectMany(name => (string[])[name, name + QueueNames.PoisonSuffix]).Select(name => new QueueState(name, 0, null))];

    public Task<IReadOnlyList<QueueState>> ReadAsync(CancellationToken cancellationToken) => Answer(cancellationToken);
}
