using System.Net.Http.Json;
using LocalRuntime.Queues;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Shouldly;
using Tally.Functions;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.Hosting;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Functions;

/// <summary>The timers of reporting, as the host runs them.</summary>
public sealed class ReportingTimersTests(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    private const string NewYear = "0 0 0 1 1 *";

    private readonly string _storage = TestServers.NewStorageAccount();

    public Task InitializeAsync()
    {
        host.Clock.Reset(Instant.FromUtc(2026, 2, 12, 10, 0));
        return host.ExecuteAsync("TRUNCATE reporting.accounts, reporting.reporting_events, reporting.reporting_events_rollups, reporting.reporting_days, reporting.account_passes");
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Reconcile_queues_the_days_that_differ_and_the_ranges_that_nobody_asked_for()
    {
        await host.AddAccountAsync(1);
        var dirty = TestEvent.Day.PlusDays(-40);
        await host.ApplyAsync(TestEvent.FirstResponse(1), TestEvent.FirstResponse(1, at: TestEvent.Noon - Duration.FromDays(40)));
        await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = 5 WHERE account_id = 1 AND date = @Day AND dimension_type = 'agent'", new { TestEvent.Day });
        await host.ExecuteAsync("UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = 1 AND date = @dirty", new { dirty });
        await using var app = await StartAsync<ReconcileRollups>();

        await TickAsync<ReconcileRollups>(app);

        var day = MessageJson.Deserialize<BackfillDayMessage>((await PeekAsync(QueueNames.ReportingBackfillDays)).ShouldHaveSingleItem());
        day.ShouldBe(new BackfillDayMessage { AccountId = 1, Date = TestEvent.Day.ToDateOnly() });
        (await host.DayAsync(1, TestEvent.Day))!.State.ShouldBe("dirty");
        var range = MessageJson.Deserialize<BackfillMessage>((await PeekAsync(QueueNames.ReportingBackfills)).ShouldHaveSingleItem());
        (range.AccountId, range.From, range.To).ShouldBe((1, dirty.ToDateOnly(), dirty.ToDateOnly()));
        range.RequestId.ShouldBe((await host.Get<Backfills>().GetProgressAsync(1)).ShouldHaveSingleItem().Request.Id);
    }

    [Fact]
    public async Task Reconcile_of_right_rollups_queues_nothing()
    {
        await host.AddAccountAsync(2);
        await host.ApplyAsync(TestEvent.FirstResponse(2));
        await using var app = await StartAsync<ReconcileRollups>();

        await TickAsync<ReconcileRollups>(app);

        (await PeekAsync(QueueNames.ReportingBackfillDays)).ShouldBeEmpty();
        (await PeekAsync(QueueNames.ReportingBackfills)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(3, "0", 3)]
    [InlineData(4, "2", 2)]
    public async Task The_purge_keeps_raw_events_for_as_long_as_its_setting_says(long account, string retentionDays, int left)
    {
        await host.AddAccountAsync(account);
        await host.ApplyAsync([.. Enumerable.Range(0, 3).Select(back => TestEvent.FirstResponse(account, at: TestEvent.Noon - Duration.FromDays(back)))]);
        await using var app = await StartAsync<PurgeReportingEvents>(new KeyValuePair<string, string?>("Reporting:RetentionDays", retentionDays));

        await TickAsync<PurgeReportingEvents>(app);

        (await StoredEvents.ReadAsync(host.DataSource, account)).Count.ShouldBe(left);
        (await host.DayAsync(account, TestEvent.Day.PlusDays(-2)))!.State.ShouldBe(left == 3 ? "live" : "frozen");
        (await host.RollupsAsync(account)).Count.ShouldBe(9);
    }

    private Task<TestApp> StartAsync<TFunction>(params KeyValuePair<string, string?>[] settings) => TestApp.StartAsync(
        [typeof(TFunction)],
        settings: new Dictionary<string, string?>(settings)
        {
            ["ConnectionStrings:Tally"] = host.ConnectionString,
            [QueueNames.Connection] = _storage,
            ["ReconcileSchedule"] = NewYear,
            ["PurgeSchedule"] = NewYear,
        },
        configure: builder => builder.Services.AddSingleton<IClock>(host.Clock).AddTally(builder.Configuration));

    private static async Task TickAsync<TFunction>(TestApp app)
    {
        using var http = new HttpClient { BaseAddress = app.AdminAddress };
        (await http.PostAsJsonAsync($"/admin/functions/{typeof(TFunction).Name}", new { input = "" })).EnsureSuccessStatusCode();
        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == 1, "the function has succeeded");
    }

    /// <summary>The texts in a queue, which need not exist.</summary>
    private async Task<IReadOnlyList<string>> PeekAsync(string name)
    {
        var queue = new QueueService(QueueConnection.FromConnectionString(_storage)).GetQueue(name);
        return await queue.ExistsAsync() ? [.. (await queue.PeekAsync()).Select(message => message.Text)] : [];
    }
}
