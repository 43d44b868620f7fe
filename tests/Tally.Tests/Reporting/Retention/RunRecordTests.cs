using Microsoft.Extensions.Options;
using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Retention;
using Tally.Scheduling;
using Xunit;

namespace Tally.Tests.Reporting.Retention;

/// <summary>Records of finished work go when they are old.</summary>
public sealed class RunRecordTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    [Fact]
    public async Task Old_records_of_finished_work_go_and_open_ones_stay()
    {
        var now = host.Clock.GetCurrentInstant();
        await host.ExecuteAsync($"""
            INSERT INTO reporting.backfill_requests (id, account_id, from_date, to_date, requested_at, cancelled_at, reason)
            SELECT gen_random_uuid(), 1, '2024-01-01', '2024-01-02', at, CASE WHEN what = 'cancelled' THEN at END, what || ' ' || age
            FROM (VALUES ('old', '{now - Duration.FromDays(401)}'::timestamptz), ('young', '{now - Duration.FromDays(399)}'::timestamptz)) ages (age, at),
                 (VALUES ('done'), ('cancelled'), ('half'), ('failed')) whats (what);
            INSERT INTO reporting.backfill_days (account_id, request_id, date, outcome, finished_at)
            SELECT 1, id, date, CASE WHEN reason LIKE 'failed%' THEN 'failed' ELSE 'rebuilt' END, requested_at
            FROM reporting.backfill_requests, (VALUES ('2024-01-01'::date), ('2024-01-02'::date)) days (date)
            WHERE NOT (reason LIKE 'half%' AND date = '2024-01-02');
            INSERT INTO reporting.account_passes (kind, started_at, finished_at)
            SELECT 'reconcile', requested_at, requested_at FROM reporting.backfill_requests WHERE reason LIKE 'done%';
            INSERT INTO reporting.rollup_drift (account_id, found_at, date, dimension_type, dimension_id, metric)
            SELECT 1, requested_at, '2024-01-01', 'account', 1, 'reply_time' FROM reporting.backfill_requests WHERE reason LIKE 'done%';
            """);

        var removed = await new WorkRecordPurger(host.DataSource, Options.Create(new ReportingOptions()), host.Clock).RemoveAsync(new RuntimeLimiter(() => false), CancellationToken.None);

        removed.ShouldBe(2 + 1 + 1);
        (await host.QueryAsync<string>("SELECT reason FROM reporting.backfill_requests ORDER BY reason"))
            .ShouldBe(["cancelled young", "done young", "failed old", "failed young", "half old", "half young"]);
        (await host.ScalarAsync<long>("SELECT count(*) FROM reporting.backfill_days WHERE request_id NOT IN (SELECT id FROM reporting.backfill_requests)")).ShouldBe(0);
        (await host.ScalarAsync<long>("SELECT count(*) FROM reporting.account_passes")).ShouldBe(1);
        (await host.ScalarAsync<long>("SELECT count(*) FROM reporting.rollup_drift")).ShouldBe(1);
    }
}
