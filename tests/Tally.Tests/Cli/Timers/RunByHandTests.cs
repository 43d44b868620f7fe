using System.Text.Json;
using NodaTime;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Reporting.Backfill;
using Tally.Tests.Billing;
using Tally.Tests.EndToEnd;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Cli.Timers;

/// <summary>What the timers of reporting do, by hand.</summary>
public sealed class ReportingByHandTests(ReportingHost host) : IClassFixture<ReportingHost>, IDisposable
{
    private readonly string _storage = TestServers.NewStorageAccount();
    private readonly List<CliRunner> _runners = [];

    public void Dispose() => _runners.ForEach(runner => runner.Dispose());

    [Fact]
    public async Task Reconcile_queues_the_days_that_differ_and_answers_no()
    {
        await host.AddAccountAsync(1);
        await host.ApplyAsync(TestEvent.FirstResponse(1));
        await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = 5 WHERE account_id = 1 AND dimension_type = 'agent'");

        var result = await Tally().RunAsync("rollups", "reconcile", "-o", "json");

        result.ExitCode.ShouldBe(ExitCode.No);
        var row = JsonDocument.Parse(result.Out).RootElement;
        (row.GetProperty("outcome").GetString(), row.GetProperty("days_differing").GetInt32()).ShouldBe(("completed", 1));
        var queued = (await new TestQueues(_storage)[QueueNames.ReportingBackfills].PeekMessagesAsync(32)).Value.ShouldHaveSingleItem();
        var range = TextMessages.As<BackfillMessage>(queued.Body.ToString());
        (range.AccountId, range.From, range.To).ShouldBe((1, TestEvent.Day.ToDateOnly(), TestEvent.Day.ToDateOnly()));
    }

    [Fact]
    public async Task A_due_purge_asks_first_and_leaves_what_is_not_due()
    {
        await host.AddAccountAsync(2);
        await host.ApplyAsync([.. Enumerable.Range(0, 3).Select(back => TestEvent.FirstResponse(2, at: TestEvent.Noon - Duration.FromDays(back)))]);
        var tally = Tally();
        tally["Reporting__RetentionDays"] = "2";

        tally.Input = "n";
        (await tally.RunAsync("events", "purge-due")).ExitCode.ShouldBe(ExitCode.No);
        (await LeftAsync()).ShouldBe(3);

        (await tally.RunAsync("events", "purge-due", "--yes")).ExitCode.ShouldBe(ExitCode.Done);
        (await LeftAsync()).ShouldBe(2);

        Task<long> LeftAsync() => host.ScalarAsync<long>("SELECT count(*) FROM reporting.reporting_events WHERE account_id = 2");
    }

    [Fact]
    public async Task Without_a_retention_nothing_is_due()
    {
        var result = await Tally().RunAsync("events", "purge-due");

        result.ExitCode.ShouldBe(ExitCode.Done);
        result.Error.ShouldContain("Reporting:RetentionDays is 0");
    }

    private CliRunner Tally()
    {
        var runner = new CliRunner(host.ConnectionString, _storage);
        runner.Clock.Reset(host.Clock.GetCurrentInstant());
        _runners.Add(runner);
        return runner;
    }
}

/// <summary>What the timer of billing does, by hand.</summary>
public sealed class BillingByHandTests(TestDatabase database) : BillingTest(database)
{
    [Fact]
    public async Task A_run_bills_today_and_sends_each_alert_once()
    {
        await World.RateAsync(0.01m, Instant.FromUtc(2024, 1, 1, 0, 0));
        var template = await World.TemplateAsync();
        await World.LimitAsync(template.Service, 2024, 10);
        await World.NotificationAsync(template, units: 10);
        var storage = TestServers.NewStorageAccount();
        using var tally = new CliRunner(ConnectionString, storage);
        tally.Clock.Reset(Clock.GetCurrentInstant());

        (await tally.RunAsync("billing", "run", "-o", "csv")).Out.ShouldContain("completed,2");
        (await tally.RunAsync("billing", "run", "-o", "csv")).Out.ShouldContain("completed,0");

        (await FactsAsync()).ShouldHaveSingleItem().BillableUnits.ShouldBe(10);
        (await new TestQueues(storage)[QueueNames.BillingAlerts].PeekMessagesAsync(32)).Value.Select(message => JsonDocument.Parse(message.Body).RootElement.GetProperty("percent").GetInt32())
            .ShouldBe([80, 100], ignoreOrder: true);
    }
}
