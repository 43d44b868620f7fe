using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Passes;
using Tally.Reporting.Reconcile;
using Tally.Reporting.Reports;
using Tally.Reporting.Rollups;
using Tally.Scheduling;
using Xunit;

namespace Tally.Tests.Reporting.Reconcile;

/// <summary>Reconcile at 05:00 in New York on 12 February 2026.</summary>
public sealed class ReconcileTests(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    private static long _lastAccount;
    private static readonly DateOnly Day = new(2026, 2, 11);

    private readonly long _account = Interlocked.Increment(ref _lastAccount) * 10;

    public Task InitializeAsync()
    {
        host.Clock.Reset(Instant.FromUtc(2026, 2, 12, 10, 0));
        return host.ExecuteAsync(
            """
            TRUNCATE reporting.accounts, reporting.reporting_events, reporting.reporting_events_rollups, reporting.reporting_days,
                reporting.backfill_requests, reporting.backfill_days, reporting.account_passes, reporting.rollup_drift
            """);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Accounts_whose_rollups_are_right_call_for_nothing()
    {
        await AddAccountAsync();
        var result = await ReconcileAsync();
        (result.Outcome, result.AccountsVerified, result.DaysVerified, result.DaysDiffering).ShouldBe((RunOutcome.Completed, 1, 7, 0));
        result.Days.ShouldBeEmpty();
        result.Ranges.ShouldBeEmpty();
        (await host.Get<DriftLog>().ReadAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_accounts_nothing_is_due() => (await ReconcileAsync()).Outcome.ShouldBe(RunOutcome.NothingDue);

    [Fact]
    public async Task A_day_that_differs_is_kept_with_both_values_marked_dirty_and_queued()
    {
        await AddAccountAsync();
        await SpoilAsync();
        var result = await ReconcileAsync();
        result.DaysDiffering.ShouldBe(1);
        result.Days.ShouldBe([new BackfillDayMessage { AccountId = _account, Date = Day }]);
        (await StateAsync()).ShouldBe("dirty");

        var drift = (await host.Get<DriftLog>().ReadAsync(_account)).ShouldHaveSingleItem();
        drift.FoundAt.ShouldBe(host.Clock.GetCurrentInstant());
        (drift.Date.ToDateOnly(), drift.DimensionType, drift.DimensionId, drift.Metric).ShouldBe((Day, "agent", 7L, "first_response"));
        drift.Expected.ShouldBe(new MetricAmount("first_response", 1, 100, 100));
        drift.Found.ShouldBe(new MetricAmount("first_response", 5, 100, 100));
        drift.RebuiltAt.ShouldBeNull();
    }

    [Fact]
    public async Task A_day_that_differs_is_repaired_by_its_message_and_right_meanwhile()
    {
        await AddAccountAsync();
        await SpoilAsync();
        var message = (await ReconcileAsync()).Days.Single();
        var noon = Instant.FromUtc(2026, 2, 11, 5, 0);
        var report = await host.Get<ReportReader>().ReadAsync(new SeriesRequest
        {
            AccountId = _account, Metric = ReportMetric.AverageFirstResponseTime, Dimension = "agent", DimensionId = 7, From = noon, To = noon + Duration.FromDays(1),
        });
        (report.Source, report.Series.Single().Count).ShouldBe((ReportSource.Raw, 1L));

        host.Clock.AdvanceMinutes(1);
        await host.Get<BackfillWorker>().RebuildAsync(MessageJson.Serialize(message), "m");
        (await host.Get<RollupVerifier>().VerifyAsync(_account)).Differences.ShouldBeEmpty();
        (await host.Get<DriftLog>().ReadAsync(_account)).Single().RebuiltAt.ShouldBe(host.Clock.GetCurrentInstant());
        (await ReconcileAsync()).DaysDiffering.ShouldBe(0);
    }

    [Fact]
    public async Task A_dirty_day_whose_message_got_lost_is_found_again()
    {
        await AddAccountAsync();
        await SpoilAsync();
        await ReconcileAsync();

        host.Clock.AdvanceDays(1);
        var night = await ReconcileAsync();
        night.Days.ShouldBeEmpty();
        var range = night.Ranges.ShouldHaveSingleItem();
        (range.AccountId, range.From, range.To).ShouldBe((_account, Day, Day));
        await RebuildAsync(range);
        (await StateAsync()).ShouldBe("complete");

        host.Clock.AdvanceDays(1);
        (await ReconcileAsync()).Ranges.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_request_whose_first_message_got_lost_is_set_going_after_a_while()
    {
        await AddAccountAsync();
        var request = (await host.Get<AccountStore>().SetTimezoneAsync(_account, "Asia/Tokyo")).Backfill!;
        (await ReconcileAsync()).Ranges.ShouldBeEmpty("the request may be under way");
        host.Clock.AdvanceHours(6);
        var range = (await ReconcileAsync()).Ranges.ShouldHaveSingleItem();
        range.ShouldBe(request.ToMessage());
        await RebuildAsync(range);
        (await host.Get<BackfillRequests>().GetAsync(request.Id)).State.ShouldBe("completed");
        host.Clock.AdvanceDays(1);
        (await ReconcileAsync()).Ranges.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_request_that_was_cancelled_or_failed_is_left_to_the_operator()
    {
        await host.AddAccountAsync(_account);
        await host.ApplyAsync(TestEvent.FirstResponse(_account, at: TestEvent.Noon - Duration.FromDays(20)));
        var backfills = host.Get<BackfillRequests>();
        var request = (await host.Get<AccountStore>().SetTimezoneAsync(_account, "Asia/Tokyo")).Backfill!;
        await backfills.CancelAsync(request.Id);
        host.Clock.AdvanceDays(1);
        (await ReconcileAsync()).Ranges.ShouldBeEmpty();

        await backfills.ResumeAsync(request.Id);
        await host.ExecuteAsync(
            """
            INSERT INTO reporting.backfill_days (account_id, request_id, date, outcome, error, finished_at)
            SELECT r.account_id, r.id, d::date, 'failed', 'disk full', r.requested_at FROM reporting.backfill_requests r, generate_series(r.from_date, r.to_date, '1 day') d
            """);
        (await ReconcileAsync()).Ranges.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_cannot_be_verified_is_passed_over()
    {
        await AddAccountAsync();
        await SpoilAsync();
        await host.ExecuteAsync("UPDATE reporting.accounts SET reporting_timezone = 'Nowhere/Invalid'");
        var result = await ReconcileAsync();
        (result.DaysDiffering, result.Days.Count, result.Ranges.Count).ShouldBe((0, 0, 0));
    }

    [Fact]
    public async Task A_day_that_was_never_whole_is_rebuilt_and_is_no_drift()
    {
        await AddAccountAsync();
        await SpoilAsync();
        await host.ExecuteAsync("UPDATE reporting.accounts SET timezone_set_at = '2026-02-11T12:00Z'; DELETE FROM reporting.reporting_days");
        (await ReconcileAsync()).Ranges.Single().From.ShouldBe(Day);
        (await host.Get<DriftLog>().ReadAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task When_time_is_up_the_next_run_goes_on_so_that_every_account_has_its_turn()
    {
        for (var index = 0; index < 3; index++) await AddAccountAsync(_account + index);
        var seen = new List<long>();
        for (var night = 0; night < 4; night++)
        {
            await SpoilAsync(_account + (night % 3));
            var result = await ReconcileAsync(RuntimeLimiter.OverAfter(0));
            result.Outcome.ShouldBe(RunOutcome.TimeUp);
            seen.AddRange(result.Days.Select(day => day.AccountId));
        }

        seen.ShouldBe([_account, _account + 1, _account + 2], "the fourth night's account was dirty already");
    }

    [Fact]
    public async Task A_run_with_time_left_ends_the_old_walk_and_sees_every_account()
    {
        for (var index = 0; index < 3; index++) await AddAccountAsync(_account + index);
        await ReconcileAsync(RuntimeLimiter.OverAfter(0));
        var result = await ReconcileAsync();
        (result.Outcome, result.AccountsVerified).ShouldBe((RunOutcome.Completed, 5));
        (await host.QueryAsync<long>("SELECT accounts_done FROM reporting.account_passes ORDER BY id")).ShouldBe([3, 3]);
    }

    [Fact]
    public async Task Two_runs_at_once_do_not_share_a_walk_and_a_dead_one_is_taken_over()
    {
        for (var index = 0; index < 2; index++) await AddAccountAsync(_account + index);
        await ReconcileAsync(RuntimeLimiter.OverAfter(0));
        await host.ExecuteAsync("UPDATE reporting.account_passes SET lease_owner = 'another', lease_until = now() + interval '1 hour', fence = fence + 1");
        (await ReconcileAsync()).Outcome.ShouldBe(RunOutcome.LeaseHeldElsewhere);
        await host.ExecuteAsync("UPDATE reporting.account_passes SET lease_until = now() - interval '1 second'");
        (await ReconcileAsync()).AccountsVerified.ShouldBe(3);
    }

    [Fact]
    public async Task A_run_that_lost_its_lease_stops()
    {
        for (var index = 0; index < 2; index++) await AddAccountAsync(_account + index);
        var stolen = new RuntimeLimiter(() =>
        {
            host.ExecuteAsync("UPDATE reporting.account_passes SET lease_owner = 'another', lease_until = now() + interval '1 hour', fence = fence + 1").GetAwaiter().GetResult();
            return false;
        });
        var result = await ReconcileAsync(stolen);
        (result.Outcome, result.AccountsVerified).ShouldBe((RunOutcome.LeaseHeldElsewhere, 1));
    }

    [Fact]
    public async Task An_account_that_cannot_be_verified_does_not_hold_up_the_others()
    {
        await AddAccountAsync();
        await AddAccountAsync(_account + 1);
        await SpoilAsync();
        await SpoilAsync(_account + 1);
        await using var connection = await host.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Dapper.SqlMapper.ExecuteAsync(connection, "SELECT pg_advisory_xact_lock(@key)", new { key = AdvisoryLocks.Day(_account, LocalDate.FromDateOnly(Day)) });

        var options = Options.Create(new ReportingOptions { StatementTimeout = TimeSpan.FromSeconds(1) });
        var drift = new DriftLog(host.DataSource, options, host.Clock, NullLogger<DriftLog>.Instance);
        var reconciler = new RollupReconciler(
            host.Get<AccountPasses>(), host.Get<AccountStore>(), host.Get<RollupVerifier>(), drift, host.Get<OwedDays>(), options, host.Clock, NullLogger<RollupReconciler>.Instance);
        var result = await reconciler.RunAsync(new RuntimeLimiter(() => false));
        result.Outcome.ShouldBe(RunOutcome.Completed);
        result.Days.Select(day => day.AccountId).ShouldBe([_account + 1]);
    }

    private Task<ReconcileResult> ReconcileAsync(RuntimeLimiter? limiter = null) => host.Get<RollupReconciler>().RunAsync(limiter ?? new RuntimeLimiter(() => false));

    private async Task AddAccountAsync(long? id = null)
    {
        await host.AddAccountAsync(id ?? _account);
        await host.ExecuteAsync("UPDATE reporting.accounts SET report_rollup = true");
        await host.ApplyAsync(TestEvent.FirstResponse(id ?? _account));
    }

    private Task SpoilAsync(long? id = null) => host.ExecuteAsync(
        "UPDATE reporting.reporting_events_rollups SET count = 5 WHERE account_id = @id AND dimension_type = 'agent'", new { id = id ?? _account });

    private async Task RebuildAsync(BackfillMessage range)
    {
        var fanOut = await host.Get<BackfillSplitter>().FanOutAsync(MessageJson.Serialize(range), "m");
        foreach (var day in fanOut.Days) await host.Get<BackfillWorker>().RebuildAsync(MessageJson.Serialize(day), "m");
    }

    private async Task<string> StateAsync() =>
        (await host.QueryAsync<string>("SELECT state FROM reporting.reporting_days WHERE account_id = @_account AND date = @day", new { _account, day = Day })).Single();
}
