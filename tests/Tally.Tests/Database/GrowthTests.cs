using Dapper;
using NodaTime;
using Shouldly;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Reconcile;
using Tally.Reporting.Reports;
using Tally.Reporting.Retention;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Database;

/// <summary>What is asked for seldom is found by an index, in ten years of a thousand accounts.</summary>
public sealed class GrowthTests(GrowthTests.TenYears years) : IClassFixture<GrowthTests.TenYears>
{
    private static readonly DateTime Before = new(2017, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task A_conversation_is_found_without_reading_its_accounts_events() => (await ExplainAsync(
        EraseSql.FindByConversation, new { account_id = 1L, conversation_id = 77L, limit = 1_000 })).ShouldContain("reporting_events_by_conversation");

    [Fact]
    public async Task Old_requests_are_found_by_their_time()
    {
        var plan = await ExplainAsync(WorkRecordPurger.Requests, new { before = Before, limit = WorkRecordPurger.RequestsAtOnce });

        plan.ShouldContain("backfill_requests_by_time");
        plan.ShouldContain("backfill_days_pkey");
    }

    [Fact]
    public async Task Old_drift_is_found_by_its_time() =>
        (await ExplainAsync(WorkRecordPurger.Drift, new { before = Before, limit = 100 })).ShouldContain("rollup_drift_by_time");

    [Fact]
    public async Task Old_refreshes_are_found_by_their_time_and_their_corrections_by_the_run()
    {
        var plan = await ExplainAsync(Tally.Billing.Refresh.RefreshRecordPurger.Remove, new { before = Before, limit = 1_000 });

        plan.ShouldContain("ix_refresh_runs_started_at");
        plan.ShouldContain("ix_corrections_run_id");
    }

    [Fact]
    public async Task Days_that_wait_for_a_rebuild_are_found_without_reading_the_others()
    {
        (await ExplainAsync(UncoveredDayCount.CountDirty, new { })).ShouldContain("reporting_days_dirty");
        var plan = await ExplainAsync(OwedDays.DirtyDays, new { account_id = 1L, limit = 500 });

        plan.ShouldContain("reporting_days_dirty");
        plan.ShouldContain("backfill_requests_by_account");
        plan.ShouldContain("backfill_days_pkey");
    }

    [Fact]
    public async Task Open_requests_are_found_without_reading_those_that_ended()
    {
        var plan = await ExplainAsync(OwedDays.IdleRequests, new { account_id = 1L, limit = 500, before = Before, now = Before });

        plan.ShouldContain("backfill_requests_open");
        plan.ShouldContain("backfill_days_pkey");
    }

    [Fact]
    public async Task Requests_that_never_came_to_their_queue_are_found_without_reading_the_others() => (await ExplainAsync(
        BackfillSql.Unqueued, new { account_id = (long?)null, before = Before, limit = 100 })).ShouldContain("backfill_requests_unqueued");

    [Fact]
    public async Task A_years_rollups_are_read_by_their_key_though_most_of_the_table_is_that_year()
    {
        var plan = await ExplainAsync(
            ReportSql.RollupSummary,
            new { business_hours = false, dates = Enumerable.Range(0, 365).Select(new LocalDate(2025, 1, 1).PlusDays).ToArray(), account_id = 1L, dimension_type = "agent", metrics = new[] { "first_response", "reply_time" } });

        plan.ShouldContain("reporting_events_rollups_pkey");
        plan.ShouldNotContain("Sort");
    }

    private async Task<string> ExplainAsync(string sql, object parameters)
    {
        await using var connection = await years.DataSource.OpenConnectionAsync();
        var plan = string.Join('\n', await connection.QueryAsync<string>($"EXPLAIN {sql}", parameters));
        plan.ShouldNotContain("Seq Scan on reporting_");
        plan.ShouldNotContain("Seq Scan on backfill_");
        plan.ShouldNotContain("Seq Scan on rollup_");
        return plan;
    }

    /// <summary>1,000 accounts with 3,650 days each, a request for each year, and what else has grown with them.</summary>
    public sealed class TenYears : IAsyncLifetime
    {
        // Without its key a table fills three times as fast.
        private const string Fill = """
            SET synchronous_commit = off;
            ALTER TABLE reporting.reporting_days DROP CONSTRAINT reporting_days_pkey;
            INSERT INTO reporting.reporting_days (account_id, date, day_start, day_end, state)
            SELECT account, '2016-01-01'::date + day, '2016-01-01T00:00Z'::timestamptz + day * interval '24 hours', '2016-01-02T00:00Z'::timestamptz + day * interval '24 hours', CASE WHEN day = 3649 THEN 'dirty' ELSE 'complete' END
            FROM generate_series(1, 1000) account, generate_series(0, 3649) day;
            ALTER TABLE reporting.reporting_days ADD CONSTRAINT reporting_days_pkey PRIMARY KEY (account_id, date);
            INSERT INTO reporting.backfill_requests (account_id, from_date, to_date, days_total, requested_at, queued_at, ended_at)
            SELECT account, make_date(year, 1, 1), make_date(year, 12, 31), 365, requested_at, requested_at, CASE WHEN year < 2025 THEN requested_at END
            FROM generate_series(1, 1000) account, generate_series(2016, 2025) year, make_timestamptz(year + 1, 1, 1, 0, 0, 0, 'UTC') requested_at;
            INSERT INTO reporting.backfill_days (account_id, request_id, date, outcome, finished_at)
            SELECT account_id, id, from_date + day, 'rebuilt', requested_at FROM reporting.backfill_requests, generate_series(0, 364) day WHERE account_id <= 50;
            INSERT INTO reporting.reporting_events (account_id, name, conversation_id, created_at)
            SELECT 1 + n % 20, 'reply_time', n / 7, '2016-01-01'::timestamptz + n * interval '30 minutes' FROM generate_series(1, 150000) n;
            INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours)
            SELECT 1, '2025-01-01'::date + day, type, id, metric, 1, 1, 1
            FROM generate_series(0, 364) day, unnest('{agent,inbox}'::text[]) type, generate_series(1, 50) id, unnest('{first_response,reply_time}'::text[]) metric;
            INSERT INTO reporting.rollup_drift (account_id, found_at, date, dimension_type, dimension_id, metric)
            SELECT n % 1000, '2016-01-01'::timestamptz + n * interval '1 hour', '2016-01-01', 'account', n, 'reply_time' FROM generate_series(1, 50000) n;
            INSERT INTO billing.refresh_runs (kind, started_at, finished_at)
            SELECT 'today', at, at FROM generate_series('2016-01-01'::timestamptz, '2025-12-31', '1 hour') at;
            INSERT INTO billing.corrections (run_id, recorded_at, state, provisional, local_date, template_id, service_id, notification_type, provider, rate_multiplier, international)
            SELECT id, started_at, 'applied', false, started_at::date, id, id, 'sms', 'sns', 1, false FROM billing.refresh_runs WHERE extract(hour FROM started_at) = 3;
            ANALYZE;
            """;

        private readonly TestDatabase _database = new();

        public Npgsql.NpgsqlDataSource DataSource => _database.DataSource;

        public async Task InitializeAsync()
        {
            await _database.InitializeAsync();
            await using var connection = await DataSource.OpenConnectionAsync();
            await connection.ExecuteAsync(Fill, commandTimeout: 120);
        }

        public Task DisposeAsync() => _database.DisposeAsync();
    }
}
