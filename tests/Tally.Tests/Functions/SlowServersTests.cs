using System.Net;
using System.Net.Sockets;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Billing;
using Tally.Functions;
using Tally.Reporting.Poison;
using Tally.Reporting.Reconcile;
using Tally.Reporting.Retention;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Tally.ValueStream;
using Xunit;

namespace Tally.Tests.Functions;

/// <summary>
/// Time boxes nest, whatever is slow: the server cuts off a statement, the run goes on or fails for it, and gives its lease back;
/// and a run whose statements are never cut off ends before its host would end it.
/// </summary>
public sealed class SlowServersTests : IAsyncLifetime
{
    private const string LeasesHeld = """
        SELECT count(lease_owner) FROM (
            SELECT lease_owner FROM reporting.account_passes
            UNION ALL SELECT lease_owner FROM billing.refresh_lease
            UNION ALL SELECT lease_owner FROM value_stream.value_stream_dashboard_runs) leases
        """;

    private readonly ReportingHost _host = new();
    private readonly RecordedLog<RollupReconciler> _reconcileLog = new();
    private readonly RecordedLog<ScheduledPurge> _purgeLog = new();
    private readonly RecordedLog<ValueStreamCounter> _countLog = new();
    private readonly RecordedLog<ScheduledRun> _runLog = new();
    private readonly FakeTimeProvider _time = new();

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        await _host.AddAccountAsync(1);
        await _host.ApplyAsync(TestEvent.FirstResponse(1), TestEvent.FirstResponse(1, at: TestEvent.Noon - Duration.FromDays(9)));
        await _host.ExecuteAsync("""
            INSERT INTO value_stream.namespaces (id, type) VALUES (1, 'Group');
            INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) VALUES (1);
            """);
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_statement_of_reconcile_that_is_too_slow_is_cut_off_and_costs_its_account_one_turn()
    {
        await using (await LockAsync("reporting.reporting_events_rollups")) await RunAsync(nameof(ReconcileRollups));

        CutOff(_reconcileLog);
        await LeasesAreFreeAsync();
        (await _host.ScalarAsync<long>("SELECT accounts_done FROM reporting.account_passes WHERE finished_at IS NOT NULL")).ShouldBe(1);
    }

    [Fact]
    public async Task A_comparison_of_days_that_is_too_slow_is_cut_off_like_any_other_statement()
    {
        await using (await LockAsync("reporting.reporting_days")) await RunAsync(nameof(ReconcileRollups));

        CutOff(_reconcileLog);
        (await _host.ScalarAsync<string?>("SELECT compared_rules FROM reporting.accounts")).ShouldBeNull("it is done again");
        await LeasesAreFreeAsync();
    }

    [Fact]
    public async Task A_statement_of_the_purge_that_is_too_slow_is_cut_off_and_costs_its_account_one_turn()
    {
        await using (await LockAsync("reporting.reporting_events")) await RunAsync(nameof(PurgeReportingEvents));

        CutOff(_purgeLog);
        await LeasesAreFreeAsync();
    }

    [Fact]
    public async Task A_statement_of_unfinished_work_that_is_too_slow_ends_the_run_and_the_next_one_goes_on()
    {
        await using (await LockAsync("reporting.erased_accounts"))
            (await Should.ThrowAsync<PostgresException>(() => RunAsync(nameof(FinishWork)))).SqlState.ShouldBe(PostgresErrorCodes.QueryCanceled);

        await RunAsync(nameof(FinishWork));
    }

    [Fact]
    public async Task A_billing_day_that_is_too_slow_is_cut_off_and_the_lease_is_given_back()
    {
        await using (await LockAsync("billing.notifications"))
        {
            var failed = await Should.ThrowAsync<RefreshFailedException>(() => RunAsync(nameof(RefreshBilling)));
            failed.Message.ShouldContain("took longer than Billing:StatementTimeout");
        }

        await LeasesAreFreeAsync();
    }

    [Fact]
    public async Task A_billing_tick_whose_own_records_are_too_slow_fails_and_gives_its_lease_back()
    {
        await using (await LockAsync("billing.refresh_run_days"))
            (await Should.ThrowAsync<PostgresException>(() => RunAsync(nameof(RefreshBilling)))).SqlState.ShouldBe(PostgresErrorCodes.QueryCanceled);

        await LeasesAreFreeAsync();
    }

    [Fact]
    public async Task A_page_of_counts_that_is_too_slow_is_cut_off_and_its_group_is_left_to_the_next_run()
    {
        await using (await LockAsync("value_stream.issues")) await RunAsync(nameof(CountValueStreams));

        CutOff(_countLog);
        await LeasesAreFreeAsync();
    }

    [Theory]
    [InlineData(nameof(ReconcileRollups), "reporting.reporting_events_rollups")]
    [InlineData(nameof(PurgeReportingEvents), "reporting.reporting_events")]
    [InlineData(nameof(FinishWork), "reporting.erased_accounts")]
    [InlineData(nameof(RefreshBilling), "billing.notifications")]
    [InlineData(nameof(CountValueStreams), "value_stream.issues")]
    public async Task A_run_that_is_not_cut_off_ends_before_its_host_would_end_it_and_gives_its_lease_back(string function, string table)
    {
        await using var held = await LockAsync(table);
        var run = RunAsync(function, patient: true);
        await Sessions.ParkedAsync(_host.DataSource, run, 1);
        run.IsCompleted.ShouldBeFalse();

        _time.Advance(FunctionTimeout.Read(Path.Combine(AppContext.BaseDirectory, "host.json")).Length - TimeBoxes.Margin);

        await Eventually.ComesAsync(run, "the run ends");
        _runLog.Entries.ShouldHaveSingleItem().Text.ShouldStartWith($"{function} was cancelled after ");
        (await Sessions.CountWaitingAsync(_host.DataSource)).ShouldBe(0, "its statement ended with it");
        await LeasesAreFreeAsync();
    }

    [Fact]
    public async Task A_measurement_of_queues_that_do_not_answer_ends_before_its_host_would_end_it()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var storage = $"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;QueueEndpoint=http://{silent.LocalEndpoint}/a";
        var run = RunAsync(nameof(MeasureQueues), patient: true, storage);
        using var asked = await Eventually.ComesAsync(silent.AcceptTcpClientAsync(), "the queue service is asked");

        _time.Advance(FunctionTimeout.Read(Path.Combine(AppContext.BaseDirectory, "host.json")).Length);

        await Eventually.ComesAsync(run, "the run ends");
        _runLog.Entries.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_run_that_its_host_cancels_is_cancelled_and_not_out_of_time()
    {
        using var stop = new CancellationTokenSource();
        var run = new ScheduledRun(TimeSpan.MaxValue, _time, _runLog);

        await Should.ThrowAsync<OperationCanceledException>(() => run.RunAsync(
            "Work", TimeSpan.FromMinutes(1), async (_, token) => { await stop.CancelAsync(); await Task.Delay(Timeout.Infinite, token); return RunOutcome.Completed; }, stop.Token));

        _runLog.Entries.ShouldBeEmpty();
    }

    private static void CutOff<T>(RecordedLog<T> log) =>
        log.Faults.ShouldHaveSingleItem().ShouldBeOfType<PostgresException>().SqlState.ShouldBe(PostgresErrorCodes.QueryCanceled);

    private async Task LeasesAreFreeAsync() => (await _host.ScalarAsync<long>(LeasesHeld)).ShouldBe(0, "the lease was given back");

    private async Task<LockBarrier> LockAsync(string table)
    {
        var barrier = await LockBarrier.HoldAsync(_host.DataSource);
        await barrier.ExecuteAsync($"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        return barrier;
    }

    // Impatient, it gives each statement the second that settings allow at least; patient, its defaults, which a test never waits for.
    private async Task RunAsync(string function, bool patient = false, string storage = "")
    {
        var settings = new Dictionary<string, string?> { ["ConnectionStrings:Tally"] = _host.ConnectionString, ["Reporting:RetentionDays"] = "5", [QueueNames.Connection] = storage };
        if (!patient) foreach (var feature in new[] { "Reporting", "Billing", "ValueStream" }) settings[$"{feature}:StatementTimeout"] = "00:00:01";
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        await using var services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration)
            .AddSingleton<IClock>(_host.Clock).AddSingleton<TimeProvider>(_time).AddSingleton<IMessageSender>(_host.Sender).AddSingleton<IPoisonQueues>(new TestPoisonQueues()).AddTally(configuration).AddSingleton<QueueMeter>()
            .AddSingleton<ILogger<RollupReconciler>>(_reconcileLog).AddSingleton<ILogger<ScheduledPurge>>(_purgeLog)
            .AddSingleton<ILogger<ValueStreamCounter>>(_countLog).AddSingleton<ILogger<ScheduledRun>>(_runLog).BuildServiceProvider();
        var timer = new TimerInfo();
        await (function switch
        {
            nameof(ReconcileRollups) => Get<ReconcileRollups>().RunAsync(timer, CancellationToken.None),
            nameof(PurgeReportingEvents) => Get<PurgeReportingEvents>().RunAsync(timer, CancellationToken.None),
            nameof(FinishWork) => Get<FinishWork>().RunAsync(timer, CancellationToken.None),
            nameof(RefreshBilling) => Get<RefreshBilling>().RunAsync(timer, CancellationToken.None),
            nameof(CountValueStreams) => Get<CountValueStreams>().RunAsync(timer, CancellationToken.None),
            _ => Get<MeasureQueues>().RunAsync(timer, CancellationToken.None),
        });

        T Get<T>() => ActivatorUtilities.CreateInstance<T>(services);
    }
}
