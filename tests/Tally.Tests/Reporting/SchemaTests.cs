using Npgsql;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting;

/// <summary>What the tables themselves guarantee, whoever writes to them.</summary>
public sealed class SchemaTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    [Fact]
    public async Task Rollups_are_read_by_date_both_ends_included()
    {
        await host.AddAccountAsync(45);
        await host.ExecuteAsync("""
            INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric)
            VALUES (45, '2026-02-08', 'agent', 1, 'first_response'), (45, '2026-02-10', 'agent', 1, 'first_response'),
                   (45, '2026-02-11', 'agent', 2, 'first_response'), (45, '2026-02-12', 'inbox', 1, 'first_response')
            """);

        var rows = await host.Get<RollupReader>().ReadAsync(45, TestEvent.Day.PlusDays(-1), TestEvent.Day);

        rows.Select(row => (row.Date, row.DimensionType, row.DimensionId)).ShouldBe([(TestEvent.Day.PlusDays(-1), "agent", 1), (TestEvent.Day, "agent", 2)]);
    }

    [Theory]
    [InlineData("INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric, count) VALUES (1, '2026-02-11', 'agent', 1, 'x', -1)")]
    [InlineData("INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric) VALUES (1, '2026-02-11', 'label', 1, 'x')")]
    [InlineData("INSERT INTO reporting.reporting_days (account_id, date, day_start, day_end, state) VALUES (1, '2026-02-11', '2026-02-11Z', '2026-02-12Z', 'done')")]
    [InlineData("INSERT INTO reporting.reporting_days (account_id, date, day_start, day_end, state, events_count) VALUES (1, '2026-02-11', '2026-02-11Z', '2026-02-12Z', 'live', -1)")]
    [InlineData("INSERT INTO reporting.backfill_requests (account_id, from_date, to_date) VALUES (1, '2026-02-11', '2026-02-10')")]
    [InlineData("INSERT INTO reporting.backfill_days (account_id, request_id, date, outcome) VALUES (1, gen_random_uuid(), '2026-02-11', 'done')")]
    public async Task A_row_that_cannot_be_true_is_refused(string insert) =>
        (await Should.ThrowAsync<PostgresException>(() => host.ExecuteAsync(insert))).SqlState.ShouldBe(PostgresErrorCodes.CheckViolation);

    [Theory]
    [InlineData("INSERT INTO reporting.accounts (id) VALUES (100)")]
    [InlineData("INSERT INTO reporting.reporting_events (account_id, name, value) VALUES (100, 'first_response', 5)")]
    [InlineData("INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric) VALUES (100, '2026-02-11', 'team', 1, 'first_response')")]
    [InlineData("INSERT INTO reporting.reporting_days (account_id, date, day_start, day_end, state) VALUES (100, '2026-02-11', '2026-02-11Z', '2026-02-12Z', 'dirty')")]
    [InlineData("INSERT INTO reporting.backfill_requests (account_id, from_date, to_date) VALUES (100, '2026-02-10', '2026-02-11')")]
    public async Task A_row_needs_only_the_columns_that_say_something(string insert) => await Should.NotThrowAsync(() => host.ExecuteAsync(insert));

    [Fact]
    public async Task A_row_without_numbers_counts_nothing()
    {
        await host.ExecuteAsync("INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric) VALUES (101, '2026-02-11', 'account', 101, 'first_response')");

        (await host.RollupsAsync(101)).ShouldBe([Rollup.OfAccount(101, "first_response", 0)]);
    }

    [Fact]
    public async Task Increments_find_room_in_the_page_and_touch_no_index() => (await host.QueryAsync<string>("""
        SELECT relname FROM pg_class
        WHERE oid IN ('reporting.reporting_events_rollups'::regclass, 'reporting.reporting_days'::regclass) AND NOT 'fillfactor=70' = ANY(coalesce(reloptions, '{}'))
        """)).ShouldBeEmpty();
}
