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
/// events. A day is covered if it was cut with its own window, is not dirty, and no other day's window reaches into it.
/// </summary>
internal static class CoveredDays
{
    /// <summary>Checks one snapshot and returns how many days are covered in it.</summary>
    public static async Task<int> CheckAsync(NpgsqlDataSource dataSource, long accountId)
    {
        await using var connection = await dataSource.OpenConnectionAsync();
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        var account = await connection.QuerySingleAsync<Account>(
            "SELECT id, name, reporting_timezone, timezone_set_at, report_rollup, created_at, days_on_record FROM reporting.accounts WHERE id = @account_id", new { account_id = accountId });
        if (account.Zone is not { } zone) return 0;

        var days = (await connection.QueryAsync<RollupDay>("SELECT date, day_start, day_end, state FROM reporting.reporting_days WHERE account_id = @account_id", new { account_id = accountId })).ToList();
        var covered = days.Where(day => IsCovered(day, days, zone)).Select(day => day.Date).ToHashSet();
        var expected = RollupModel.Of(await connection.QueryAsync<ReportingEvent>(StoredEvents.Sql, new { account_id = accountId }), zone).Where(row => covered.Contains(row.Date));
        var found = (await connection.QueryAsync<Rollup>(Rollup.Sql, new { account_id = accountId })).Where(row => covered.Contains(row.Date)).ToList();

        found.Except(expected).ShouldBeEmpty($"rollups of covered days of account {accountId} that the raw events do not call for");
        expected.Except(found).ShouldBeEmpty($"rollups that covered days of account {accountId} lack");
        return covered.Count;
    }

    private static bool IsCovered(RollupDay day, IReadOnlyList<RollupDay> all, DateTimeZone zone) =>
        day.State != DayState.Dirty
        && (day.DayStart, day.DayEnd) == (LocalDay.Of(day.Date, zone).Start, LocalDay.Of(day.Date, zone).End)
        && !all.Any(other => other.Date != day.Date && other.DayStart < day.DayEnd && day.DayStart < other.DayEnd);
}
