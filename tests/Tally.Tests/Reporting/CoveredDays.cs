using System.Data;
using Dapper;
using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;

namespace Tally.Tests.Reporting;

/// <summary>
/// The product's promise, held against <see cref="RollupModel"/>: in any snapshot, the rollups of a covered day are those of its raw
/// events. A day is covered if it was built in the account's zone, or began after that zone was set.
/// </summary>
internal static class CoveredDays
{
    /// <summary>Checks one snapshot and returns how many days are covered in it.</summary>
    public static async Task<int> CheckAsync(NpgsqlDataSource dataSource, long accountId)
    {
        await using var connection = await dataSource.OpenConnectionAsync();
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        var account = await connection.QuerySingleAsync<Account>(
            "SELECT id, name, reporting_timezone, timezone_set_at, report_rollup, created_at FROM reporting.accounts WHERE id = @accountId", new { accountId });
        if (account.Zone is not { } zone) return 0;

        var days = await connection.QueryAsync<StateOfDay>("SELECT date, timezone, state FROM reporting.reporting_days WHERE account_id = @accountId", new { accountId });
        var covered = days.Where(day => IsCovered(day, account, zone)).Select(day => day.Date).ToHashSet();
        var expected = RollupModel.Of(await connection.QueryAsync<ReportingEvent>(StoredEvents.Sql, new { accountId }), zone).Where(row => covered.Contains(row.Date));
        var found = (await connection.QueryAsync<Rollup>(Rollup.Sql, new { accountId })).Where(row => covered.Contains(row.Date)).ToList();

        found.Except(expected).ShouldBeEmpty($"rollups of covered days of account {accountId} that the raw events do not call for");
        expected.Except(found).ShouldBeEmpty($"rollups that covered days of account {accountId} lack");
        return covered.Count;
    }

    private static bool IsCovered(StateOfDay day, Account account, DateTimeZone zone) => day.Timezone == zone.Id
        && (day.State == "complete" || (day.State == "live" && account.TimezoneSetAt <= LocalDay.Of(day.Date, zone).Start));

    private sealed record StateOfDay
    {
        public required LocalDate Date { get; init; }

        public required string Timezone { get; init; }

        public required string State { get; init; }
    }
}
