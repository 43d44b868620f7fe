using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Reporting.Days;
using Xunit;

namespace Tally.Tests.Reporting.Days;

/// <summary>A database that was made before days had windows and bases.</summary>
public sealed class FrozenDayMigrationTests : IAsyncLifetime
{
    private const string Withdraw = """
        DROP SCHEMA reporting CASCADE;
        DROP SCHEMA billing CASCADE;
        DROP SCHEMA value_stream CASCADE;
        """;

    private readonly ReportingHost _host = new();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Totals_of_frozen_days_become_their_bases_and_late_events_are_counted_once()
    {
        await AsBeforeAsync();
        // Two events purged, one late one stored; of a second day in an alias of the zone all is purged; a third was never whole.
        await _host.ExecuteAsync(
            """
            INSERT INTO reporting.accounts (id, reporting_timezone, timezone_set_at) VALUES (1, 'America/New_York', '2026-02-10T12:00Z');
            INSERT INTO reporting.reporting_days (account_id, date, timezone, state, events_count) VALUES
                (1, '2026-02-11', 'America/New_York', 'frozen', 3), (1, '2026-01-05', 'US/Eastern', 'frozen', 1), (1, '2026-02-10', 'America/New_York', 'live', 1);
            INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours) VALUES
                (1, '2026-02-11', 'account', 1, 'first_response', 3, 350, 30), (1, '2026-01-05', 'account', 1, 'first_response', 1, 7, 7),
                (1, '2026-02-10', 'account', 1, 'first_response', 1, 10, 0);
            INSERT INTO reporting.reporting_events (account_id, name, value, value_in_business_hours, created_at) VALUES
                (1, 'first_response', 50, 10, @noon), (1, 'first_response', 10, 0, @noon - interval '1 day'), (1, 'first_response', 5, 0, @noon - interval '25 hours');
            """,
            new { noon = TestEvent.Noon });

        await new Migrator(_host.DataSource).MigrateAsync();
        foreach (var day in new[] { TestEvent.Day, TestEvent.Day.PlusDays(-1), new LocalDate(2026, 1, 5) }) await _host.RebuildAsync(1, day);

        (await _host.QueryAsync<(LocalDate, long, decimal, decimal)>(
            "SELECT date, count, sum_value, sum_value_business_hours FROM reporting.rollup_bases ORDER BY date"))
            .ShouldBe([(new LocalDate(2026, 1, 5), 1, 7, 7), (new LocalDate(2026, 2, 11), 2, 300, 20)]);
        (await _host.QueryAsync<(LocalDate, long, decimal)>("SELECT date, count, sum_value FROM reporting.reporting_events_rollups WHERE dimension_type = 'account' ORDER BY date"))
            .ShouldBe([(new LocalDate(2026, 1, 5), 1, 7), (new LocalDate(2026, 2, 10), 2, 15), (new LocalDate(2026, 2, 11), 3, 350)]);
        (await _host.Get<RollupVerifier>().VerifyAsync(1)).DaysDiffering.ShouldBe(0);
    }

    /// <summary>Brings the database to the last state in which a day was frozen.</summary>
    private async Task AsBeforeAsync()
    {
        await _host.ExecuteAsync(Withdraw);
        await _host.ExecuteAsync("DROP SCHEMA IF EXISTS tally, tally_read CASCADE");
        await new Migrator(_host.DataSource, [.. Migration.All.TakeWhile(migration => migration.Name != "day_windows_and_bases")]).MigrateAsync();
        _host.Get<NpgsqlDataSource>().Clear();
        await using var connection = await _host.DataSource.OpenConnectionAsync();
        await connection.ReloadTypesAsync();
    }
}
