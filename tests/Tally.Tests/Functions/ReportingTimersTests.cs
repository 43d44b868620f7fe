using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Shouldly;
using Tally.Functions;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Functions;

/// <summary>The timers of reporting: what a tick does, and what it returns for the queues.</summary>
public sealed class ReportingTimersTests(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    public Task InitializeAsync()
    {
        host.Clock.Reset(Instant.FromUtc(2026, 2, 12, 10, 0));
        return host.ExecuteAsync("TRUNCATE reporting.accounts, reporting.reporting_events, reporting.reporting_events_rollups, reporting.reporting_days, reporting.account_passes, reporting.backfill_requests");
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Reconcile_queues_the_days_that_differ_and_the_ranges_that_nobody_asked_for()
    {
        await host.AddAccountAsync(1);
        var dirty = TestEvent.Day.PlusDays(-40);
        await host.ApplyAsync(TestEvent.FirstResponse(1), TestEvent.FirstResponse(1, at: TestEvent.Noon - Duration.FromDays(40)));
        await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = 5 WHERE account_id = 1 AND date = @day AND dimension_type = 'agent'", new { day = TestEvent.Day });
        await host.ExecuteAsync("UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = 1 AND date = @dirty", new { dirty });

        var ranges = await ReconcileAsync();

        (await host.DayAsync(1, TestEvent.Day))!.State.ShouldBe("dirty");
        ranges.Select(range => (range.AccountId, range.From, range.To)).ShouldBe(
            [(1, TestEvent.Day.ToDateOnly(), TestEvent.Day.ToDateOnly()), (1, dirty.ToDateOnly(), dirty.ToDateOnly())], ignoreOrder: true);
        ranges.Select(range => range.RequestId).ShouldBe((await host.Get<BackfillRequests>().GetProgressAsync(1)).Select(progress => (Guid?)progress.Request.Id), ignoreOrder: true);
        (await host.ScalarAsync<long>("SELECT count(*) FROM reporting.backfill_requests WHERE queued_at IS NULL")).ShouldBe(0);
    }

    [Fact]
    public async Task Reconcile_of_right_rollups_queues_nothing()
    {
        await host.AddAccountAsync(2);
        await host.ApplyAsync(TestEvent.FirstResponse(2));

        (await ReconcileAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(3, "0", 3)]
    [InlineData(4, "2", 2)]
    public async Task The_purge_keeps_raw_events_for_as_long_as_its_setting_says(long account, string retentionDays, int left)
    {
        await host.AddAccountAsync(account);
        await host.ApplyAsync([.. Enumerable.Range(0, 3).Select(back => TestEvent.FirstResponse(account, at: TestEvent.Noon - Duration.FromDays(back)))]);
        await using var services = Services(new KeyValuePair<string, string?>("Reporting:RetentionDays", retentionDays));

        await ActivatorUtilities.CreateInstance<PurgeReportingEvents>(services).RunAsync(new TimerInfo(), CancellationToken.None);

        (await StoredEvents.ReadAsync(host.DataSource, account)).Count.ShouldBe(left);
        (await host.DayAsync(account, TestEvent.Day.PlusDays(-2)))!.State.ShouldBe("live");
        (await host.RollupsAsync(account)).Count.ShouldBe(9);
    }

    private async Task<IReadOnlyList<BackfillMessage>> ReconcileAsync()
    {
        await using var services = Services();
        await ActivatorUtilities.CreateInstance<ReconcileRollups>(services).RunAsync(new TimerInfo(), CancellationToken.None);
        return host.Sender.Take<BackfillMessage>(QueueNames.ReportingBackfills);
    }

    private ServiceProvider Services(params KeyValuePair<string, string?>[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([.. settings, new("ConnectionStrings:Tally", host.ConnectionString)]).Build();
        return new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddSingleton<IClock>(host.Clock).AddSingleton<IMessageSender>(host.Sender).AddTally(configuration).BuildServiceProvider();
    }
}
