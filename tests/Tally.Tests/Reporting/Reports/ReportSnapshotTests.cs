using Dapper;
using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Reporting.Reports;

/// <summary>Reports see one moment, write nothing, and read no other account's events.</summary>
public sealed class ReportSnapshotTests(ReportingHost host) : ReportTests(host)
{
    private static readonly Instant Noon = Instant.FromUtc(2026, 2, 11, 17, 0);

    [Fact]
    public async Task Events_that_commit_while_a_report_is_read_are_in_all_of_its_parts_or_in_none()
    {
        await AddAccountAsync();
        await Host.ApplyAsync(Event("conversation_resolved", Noon), Event("conversation_resolved", Noon + Duration.FromDays(1)));
        // Whole days from rollups, and the last from raw events.
        var request = Request(ReportMetric.Resolutions, to: Midnight(2026, 2, 12) + Duration.FromHours(20));

        await using var writer = await Host.DataSource.OpenConnectionAsync();
        await using var transaction = await writer.BeginTransactionAsync();
        await writer.ExecuteAsync("LOCK TABLE reporting.reporting_events_rollups IN ACCESS EXCLUSIVE MODE");
        var reading = ReadAsync(request);
        await Eventually.HoldsAsync(
            async () => (await Host.QueryAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'reporting.reporting_events_rollups'::regclass")).Single() == 1,
            "the report waits for the rollups");
        await writer.ExecuteAsync(
            """
            UPDATE reporting.reporting_events_rollups SET count = 10 WHERE account_id = @account AND date = '2026-02-11';
            INSERT INTO reporting.reporting_events (account_id, name, created_at) VALUES (@account, 'conversation_resolved', '2026-02-12T17:00Z');
            UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = @account;
            """,
            new { account = Account });
        await transaction.CommitAsync();

        var report = await reading;
        (report.Source, report.Aggregate).ShouldBe((ReportSource.Mixed, 2m));
    }

    [Fact]
    public async Task Reports_are_answered_where_nothing_can_be_written()
    {
        var database = new TestDatabase();
        await database.InitializeAsync();
        await using (var writer = await database.DataSource.OpenConnectionAsync())
            await writer.ExecuteAsync("INSERT INTO reporting.accounts (id, reporting_timezone, report_rollup) VALUES (@account, 'America/New_York', true)", new { account = Account });
        await using var standby = TallyDataSource.Create(
            new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = "-c default_transaction_read_only=on" }.ConnectionString);
        var reader = new ReportReader(standby, ZoneRules.Default);
        foreach (var metric in ReportMetric.All) (await reader.ReadAsync(Request(metric))).Series.Count.ShouldBe(28);
        await reader.ReadAsync(new SummaryRequest { AccountId = Account, Dimension = "agent", From = Midnight(2026, 2, 1), To = Midnight(2026, 3, 1) });
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Raw_events_are_read_through_an_index_even_if_the_account_has_most_of_them()
    {
        await AddAccountAsync();
        await Host.ExecuteAsync(
            """
            INSERT INTO reporting.reporting_events (account_id, name, conversation_id, created_at)
            SELECT CASE WHEN g % 100 = 0 THEN 999999 ELSE @account END, 'conversation_bot_handoff', g, '2026-02-01T05:00Z'::timestamptz + g * interval '3 minutes'
            FROM generate_series(1, 10000) g;
            ANALYZE reporting.reporting_events;
            """,
            new { account = Account });
        var summary = new SummaryRequest { AccountId = Account, Dimension = "inbox", From = Midnight(2026, 2, 1), To = Midnight(2026, 3, 1), Source = ReportSourceChoice.Raw };
        foreach (var metric in ReportMetric.All)
        {
            var request = Request(metric) with { Source = ReportSourceChoice.Raw };
            await ReadsByIndexAsync(request, plan => ReportSql.Series(request, plan.Buckets, plan.Plan));
        }

        await ReadsByIndexAsync(summary, plan => ReportSql.Summary(summary, [ReportMetric.ReplyTime], plan.Plan));
    }

    private async Task ReadsByIndexAsync(ReportRequest request, Func<(ReportBuckets Buckets, ReadPlan Plan), IEnumerable<NpgsqlBatchCommand>> commandsOf)
    {
        await using var snapshot = await ReportSnapshot.OpenAsync(Host.DataSource, ZoneRules.Default, request, CancellationToken.None);
        var zone = ReportZone.Of(snapshot.Account);
        var buckets = ReportBuckets.Of(request.From, request.To, ReportPeriod.Day, zone.Zone);
        var commands = commandsOf((buckets, ReadPlan.Of(new ReportQuestion(request, zone, buckets), snapshot.Account, snapshot.Days, snapshot.Bases))).ToList();
        foreach (var command in commands) command.CommandText = "EXPLAIN " + command.CommandText;
        var plan = string.Join('\n', await snapshot.ReadAsync(commands, reader => reader.GetString(0), CancellationToken.None));
        plan.ShouldMatch("using reporting_events_(by_time|bot) ");
        plan.ShouldContain("Index Cond: ((account_id = ");
        plan.ShouldNotContain("Seq Scan on reporting_events", Case.Sensitive, plan);
    }
}
