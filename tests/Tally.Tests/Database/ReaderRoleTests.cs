using System.Text.Json;
using System.Text.RegularExpressions;
using Dapper;
using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Tests.Dashboard;
using Tally.Tests.Deployment;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Database;

/// <summary>What other tools may read, as the role that they sign in with.</summary>
public sealed partial class ReaderRoleTests(DashboardHost host) : IClassFixture<DashboardHost>, IAsyncLifetime
{
    private readonly string _role = $"reader \"x\" {Guid.NewGuid():N}";

    private string Quoted => "\"" + _role.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    public async Task InitializeAsync()
    {
        var role = new DatabaseRole(host.Reporting.DataSource);
        (await role.GrantReaderAsync(_role, objectId: null)).Created.ShouldBeTrue();
        (await role.GrantReaderAsync(_role, objectId: null)).Created.ShouldBeFalse();
    }

    public Task DisposeAsync() => host.Reporting.ExecuteAsync($"DROP OWNED BY {Quoted}; DROP ROLE {Quoted}");

    [Fact]
    public async Task It_reads_every_view_and_the_comments_of_each_column_are_the_document()
    {
        var document = Checkout.Read("docs", "sql.md");
        var columns = await host.Reporting.QueryAsync<(string View, string Column, string? Comment)>("""
            SELECT c.relname, a.attname, col_description(c.oid, a.attnum)
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE c.relnamespace = 'tally_read'::regnamespace AND c.relkind = 'v' ORDER BY c.relname, a.attnum
            """);

        columns.Count.ShouldBeGreaterThan(50);
        foreach (var view in columns.GroupBy(column => column.View))
        {
            await AsReaderAsync($"SELECT * FROM tally_read.{view.Key} LIMIT 1");
            var from = document.IndexOf($"### {view.Key}\n", StringComparison.Ordinal);
            from.ShouldBeGreaterThan(0, view.Key);
            var end = document.IndexOf("\n#", from + 4, StringComparison.Ordinal);
            DocumentRow().Matches(document[from..end]).Select(match => (match.Groups[1].Value, match.Groups[2].Value))
                .ShouldBe(view.Select(column => (column.Column, column.Comment ?? "no comment")), view.Key);
        }
    }

    [Theory]
    [InlineData("UPDATE tally_read.accounts SET name = 'mine'")]
    [InlineData("DELETE FROM tally_read.accounts")]
    [InlineData("SELECT * FROM reporting.reporting_events")]
    [InlineData("SELECT * FROM billing.notifications")]
    [InlineData("CREATE TABLE tally_read.mine ()")]
    [InlineData("CREATE SCHEMA mine")]
    public async Task It_cannot_write_and_reads_nothing_else(string statement) =>
        (await Should.ThrowAsync<PostgresException>(() => AsReaderAsync(statement))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);

    [Fact]
    public async Task Its_sessions_begin_read_only_and_bounded() => (await host.Reporting.QueryAsync<string>(
        "SELECT unnest(rolconfig) FROM pg_roles WHERE rolname = @role ORDER BY 1", new { role = _role }))
        .ShouldBe(["default_transaction_read_only=on", "idle_in_transaction_session_timeout=60s", "statement_timeout=60s"]);

    [Fact]
    public async Task A_rollup_row_of_a_day_that_waits_says_that_it_is_not_covered()
    {
        await host.Reporting.ExecuteAsync("UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = 8 AND date = '2026-02-09'");
        try
        {
            var rows = await host.Reporting.QueryAsync<(LocalDate Date, bool IsCovered, long Count, decimal Seconds)>("""
                SELECT date, is_covered, count, sum_seconds FROM tally_read.daily_rollups
                WHERE account_id = 8 AND dimension_type = 'account' AND metric = 'first_response' AND date BETWEEN '2026-02-09' AND '2026-02-10' ORDER BY date
                """);
            rows.Select(row => (row.Date.Day, row.IsCovered)).ShouldBe([(9, false), (10, true)]);
            rows.ShouldAllBe(row => row.Count == 4 && row.Seconds > 240);
        }
        finally
        {
            await host.Reporting.ExecuteAsync("UPDATE reporting.reporting_days SET state = 'complete' WHERE account_id = 8");
        }
    }

    [Theory]
    [InlineData("nothing", true)]
    [InlineData("the day waits", false)]
    [InlineData("another row reaches in", false)]
    [InlineData("a base was cut otherwise", false)]
    [InlineData("its own base", true)]
    [InlineData("never compared", false)]
    [InlineData("no zone", false)]
    public async Task A_day_is_covered_only_if_nothing_that_the_database_knows_speaks_against_it(string what, bool isCovered)
    {
        await host.AddAccountAsync(67);
        try
        {
            await host.Reporting.AddRawAsync(TestEvent.FirstResponse(67));
            await host.Reporting.RebuildAsync(67, TestEvent.Day);
            await host.Reporting.ExecuteAsync(what switch
            {
                "the day waits" => "UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = 67",
                // The next date as Tokyo cuts it, which begins ten hours before New York's day ends.
                "another row reaches in" => """
                    INSERT INTO reporting.reporting_days (account_id, date, day_start, day_end, state)
                    SELECT account_id, date + 1, day_end - interval '14 hours', day_end + interval '10 hours', 'dirty' FROM reporting.reporting_days WHERE account_id = 67
                    """,
                "a base was cut otherwise" => Base("- interval '14 hours'"),
                "its own base" => Base(""),
                "never compared" => "UPDATE reporting.accounts SET compared_rules = NULL WHERE id = 67",
                "no zone" => "UPDATE reporting.accounts SET reporting_timezone = NULL WHERE id = 67",
                _ => "SELECT 1",
            });

            (await host.Reporting.QueryAsync<(bool IsCovered, bool HasBase)>("SELECT is_covered, has_base FROM tally_read.days WHERE account_id = 67 AND date = @day", new { day = TestEvent.Day }))
                .ShouldBe([(isCovered, what == "its own base")]);
            (await host.Reporting.QueryAsync<bool>("SELECT DISTINCT is_covered FROM tally_read.daily_rollups WHERE account_id = 67")).ShouldBe([isCovered]);
        }
        finally
        {
            await host.Reporting.ExecuteAsync("""
                DELETE FROM reporting.accounts WHERE id = 67;
                DELETE FROM reporting.reporting_events WHERE account_id = 67;
                DELETE FROM reporting.reporting_days WHERE account_id = 67;
                DELETE FROM reporting.rollup_bases WHERE account_id = 67;
                DELETE FROM reporting.reporting_events_rollups WHERE account_id = 67;
                """);
        }

        static string Base(string shift) => $"""
            INSERT INTO reporting.rollup_bases (account_id, date, day_start, day_end, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours)
            SELECT account_id, date, day_start {shift}, day_end {shift}, 'account', 67, 'first_response', 1, 1, 1 FROM reporting.reporting_days WHERE account_id = 67
            """;
    }

    [Fact]
    public async Task A_month_of_counts_is_complete_once_its_run_has_finished()
    {
        await host.Reporting.ExecuteAsync("INSERT INTO value_stream.value_stream_dashboard_runs (top_level_namespace_id, period_month, started_at, finished_at) VALUES (1, '2026-01-01', now(), now()), (1, '2026-02-01', now(), NULL)");

        (await host.Reporting.QueryAsync<(string Metric, long Count, bool IsComplete)>("SELECT metric, count, is_month_complete FROM tally_read.monthly_counts WHERE namespace_id = 11 ORDER BY month"))
            .ShouldBe([("issues", 41, true), ("issues", 43, false)]);
    }

    [Fact]
    public async Task A_month_of_billing_costs_what_it_costs_before_the_allowance() =>
        (await host.Reporting.QueryAsync<decimal>("SELECT cost_before_allowance FROM tally_read.billing_months ORDER BY month")).ShouldBe([4.5m, 1.5m]);

    [Theory]
    [InlineData("reporting")]
    [InlineData("health")]
    [InlineData("billing")]
    public async Task Each_panel_for_Grafana_asks_what_it_may_and_the_database_answers(string name)
    {
        using var dashboard = JsonDocument.Parse(Checkout.Read("docs", "grafana", $"{name}.json"));
        foreach (var target in dashboard.RootElement.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray()))
        {
            var sql = TimeFilter().Replace(target.GetProperty("rawSql").GetString()!, "$1 BETWEEN '2026-01-01' AND '2026-12-31'").Replace("$account", "8", StringComparison.Ordinal);
            await AsReaderAsync(sql);
        }
    }

    private async Task AsReaderAsync(string statement)
    {
        await using var connection = await host.Reporting.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync($"SET LOCAL ROLE {Quoted}", transaction: transaction);
        await connection.ExecuteAsync(statement, transaction: transaction);
    }

    [GeneratedRegex(@"^\| `(\w+)` \| (.*) \|$", RegexOptions.Multiline)]
    private static partial Regex DocumentRow();

    [GeneratedRegex(@"\$__timeFilter\(([^)]*)\)")]
    private static partial Regex TimeFilter();
}
