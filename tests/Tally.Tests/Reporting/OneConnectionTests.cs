using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Allowances;
using Tally.Billing.Months;
using Tally.Billing.Refresh;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Poison;
using Tally.Reporting.Reconcile;
using Tally.Reporting.Retention;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Tally.ValueStream;
using Xunit;

namespace Tally.Tests.Reporting;

/// <summary>With a pool of one connection nobody may hold it while waiting for another.</summary>
public sealed class OneConnectionTests(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    private ServiceProvider _services = null!;

    public Task InitializeAsync()
    {
        var settings = new NpgsqlConnectionStringBuilder(host.ConnectionString) { MaxPoolSize = 1, Timeout = 5 };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            [new("ConnectionStrings:Tally", settings.ConnectionString), new("Reporting:RetentionDays", "5")]).Build();
        _services = new ServiceCollection().AddLogging().AddSingleton<IClock>(host.Clock).AddSingleton<IMessageSender>(host.Sender).AddSingleton<IPoisonQueues>(new TestPoisonQueues()).AddTally(configuration).BuildServiceProvider();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _services.DisposeAsync();

    [Fact]
    public async Task One_connection_is_enough_for_every_command_and_timer_over_an_account()
    {
        await host.AddAccountAsync(1);
        var old = TestEvent.Noon - Duration.FromDays(9);
        var events = new[] { TestEvent.FirstResponse(1), TestEvent.FirstResponse(1, at: old), TestEvent.FirstResponse(1, at: old - Duration.FromDays(1)) };
        await host.ApplyAsync(events);
        await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = 5 WHERE account_id = 1 AND dimension_type = 'agent'");

        (await Get<RollupReconciler>().RunAsync(Unlimited())).DaysDiffering.ShouldBeGreaterThan(0);
        (await Get<BackfillSender>().SendOwedAsync(() => false, young: true)).ShouldBeGreaterThan(0);
        var request = await Get<BackfillRequests>().RequestAsync(await Get<BackfillPlanner>().PlanAsync(1));
        await foreach (var _ in Get<BackfillWorker>().RebuildInlineAsync(request)) { }
        (await Get<BackfillRequests>().GetAsync(request.Id)).State.ShouldBe("completed");
        await Get<AccountStore>().SetTimezoneAsync(1, "Europe/Paris");
        (await Get<RollupVerifier>().VerifyAsync(1)).DaysChecked.ShouldBeGreaterThan(0);
        await Get<ScheduledPurge>().RunAsync(Unlimited());
        (await Get<EventEraser>().EraseAsync(1, [events[0].Id])).Events.ShouldBe(1);
        await Get<UnfinishedWork>().RunAsync(Unlimited());
        (await Get<AccountEraser>().EraseAsync(1)).WasThere.ShouldBeTrue();
    }

    [Fact]
    public async Task One_connection_is_enough_for_billing_and_counts()
    {
        var service = await host.ScalarAsync<Guid>("INSERT INTO billing.services (name) VALUES ('one') RETURNING id");
        await Get<Rates>().SetAsync("sms", 0.0162m, Instant.FromUtc(2024, 1, 1, 0, 0), None);
        await Get<AllowanceBook>().SetAsync(service, 250, 2026, None);
        await Get<BillingRefresher>().RunAsync(Unlimited(), None);
        await Get<ManualRefresh>().RefreshAsync([new(2026, 1, 10), new(2026, 1, 11)]);
        await Get<ClosedMonths>().CloseAsync(new(2026, 1), None);
        await Get<ClosedMonths>().ReopenAsync(new(2026, 1), None);

        await host.ExecuteAsync("INSERT INTO value_stream.namespaces (id, type) VALUES (1, 'Group')");
        await Get<Aggregations>().EnableAsync(1);
        (await Get<ValueStreamCounter>().RunAsync(Unlimited())).GroupsCompleted.ShouldBe(1);
        (await Get<Aggregations>().ResetAsync(1)).ShouldBeTrue();
        await Get<Aggregations>().DisableAsync(1);
    }

    private static readonly CancellationToken None = CancellationToken.None;

    private static RuntimeLimiter Unlimited() => RuntimeLimiter.OverAfter(int.MaxValue);

    private T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();
}
