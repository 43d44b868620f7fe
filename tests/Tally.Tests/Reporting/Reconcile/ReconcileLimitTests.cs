using NodaTime;
using Shouldly;
using Tally.Reporting.Reconcile;
using Tally.Scheduling;
using Xunit;

namespace Tally.Tests.Reporting.Reconcile;

/// <summary>What one account has in store for reconcile does not decide how long a run takes.</summary>
public sealed class ReconcileLimitTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private const int Limit = 500;

    [Fact]
    public async Task An_account_with_many_dirty_days_calls_for_no_more_messages_than_a_run_puts_and_the_next_run_goes_on()
    {
        await host.AddAccountAsync(1);
        await host.AddAccountAsync(2);
        // Each a stretch of its own.
        await host.ExecuteAsync("""
            INSERT INTO reporting.reporting_days (account_id, date, day_start, day_end, state, updated_at)
            SELECT 1, date, date, date, 'dirty', '2026-01-01Z' FROM generate_series('2020-01-01'::date, '2023-11-01', '2 days') date
            """);
        var dirty = await host.ScalarAsync<int>("SELECT count(*)::int FROM reporting.reporting_days");
        dirty.ShouldBeInRange(Limit + 1, 2 * Limit);

        var first = await ReconcileAsync();
        (first.Outcome, first.AccountsVerified, first.Ranges.Count).ShouldBe((RunOutcome.TimeUp, 1, Limit), "the run is full");
        first.Ranges[0].From.ShouldBe(new DateOnly(2023, 11, 1), "what is newest comes first");

        var second = await ReconcileAsync();
        (second.Outcome, second.Ranges.Count).ShouldBe((RunOutcome.Completed, dirty - Limit));
        first.Ranges.Concat(second.Ranges).Select(range => range.From).Distinct().Count().ShouldBe(dirty, "each day once");
        (await ReconcileAsync()).Ranges.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_account_with_many_idle_requests_calls_for_no_more_messages_than_a_run_puts_and_those_that_ended_are_looked_at_once()
    {
        await host.AddAccountAsync(3);
        await host.ExecuteAsync("""
            INSERT INTO reporting.backfill_requests (account_id, from_date, to_date, days_total, requested_at, queued_at)
            SELECT 3, '2026-01-01', '2026-01-01', 1, '2026-01-01Z'::timestamptz + n * interval '1 second', '2026-01-01Z' FROM generate_series(1, 700) n;
            INSERT INTO reporting.backfill_days (account_id, request_id, date, outcome, finished_at)
            SELECT account_id, id, from_date, CASE WHEN extract(second FROM requested_at)::int % 2 = 0 THEN 'rebuilt' ELSE 'failed' END, requested_at
            FROM reporting.backfill_requests WHERE account_id = 3 ORDER BY requested_at LIMIT 100
            """);

        (await ReconcileAsync()).Ranges.Count(range => range.AccountId == 3).ShouldBe(Limit);

        (await host.ScalarAsync<long>("SELECT count(*) FROM reporting.backfill_requests WHERE account_id = 3 AND ended_at IS NOT NULL")).ShouldBe(100);
        (await host.ScalarAsync<long>("SELECT count(*) FROM reporting.backfill_requests WHERE account_id = 3 AND queued_at IS NULL")).ShouldBe(Limit);
    }

    private Task<ReconcileResult> ReconcileAsync() => host.Get<RollupReconciler>().RunAsync(new RuntimeLimiter(() => false));
}
