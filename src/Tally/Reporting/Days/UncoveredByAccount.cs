using Dapper;
using NodaTime;
using Npgsql;
using Tally.Reporting.Accounts;

namespace Tally.Reporting.Days;

/// <summary>Days of an account that reports read from raw events.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Days">How many.</param>
/// <param name="From">The first of them.</param>
/// <param name="To">The last of them; days between may be covered.</param>
internal sealed record AccountUncovered(long AccountId, int Days, LocalDate From, LocalDate To);

/// <summary>Which days are not covered.</summary>
/// <param name="Accounts">By account id.</param>
/// <param name="IsCut">Whether there are more than were read.</param>
/// <param name="NotCompared">Accounts whose days were not compared yet with the time zone data of this process.</param>
/// <param name="ZoneData">The version of these data.</param>
internal sealed record Uncovered(IReadOnlyList<AccountUncovered> Accounts, bool IsCut, int NotCompared, string ZoneData)
{
    public int Days => Accounts.Sum(account => account.Days);
}

/// <summary>Reads which days are not covered, as <see cref="DayCoverage"/> judges. Writes nothing, and reads a bounded number of rows.</summary>
/// <remarks>
/// The windows of an account that was compared are right where its days are not dirty, so that only dirty days, and those
/// that a dirty one reaches into, are looked at.
/// </remarks>
internal sealed class UncoveredByAccount(NpgsqlDataSource dataSource, ZoneRules rules)
{
    /// <summary>More than these, and it no longer matters how many.</summary>
    public const int MostDirty = 5_000;

    private const string Rows = """
        /* tally:days.uncovered */
        WITH dirty AS (
            SELECT account_id, date FROM reporting.reporting_days WHERE state = 'dirty' ORDER BY account_id, date LIMIT @limit
        )
        SELECT DISTINCT d.account_id, d.date, d.day_start, d.day_end, d.state
        FROM dirty x
        JOIN reporting.reporting_days d ON d.account_id = x.account_id AND d.date BETWEEN x.date - @reach AND x.date + @reach
        ORDER BY d.account_id, d.date
        """;

    private const string Accounts = $"/* tally:accounts.of_days */ SELECT {Account.Columns} FROM reporting.accounts WHERE id = ANY(@ids)";

    private const string NotCompared = """
        /* tally:accounts.count_not_compared */
        SELECT count(*)::int FROM reporting.accounts
        WHERE reporting_timezone IS NOT NULL AND (compared_rules IS NULL OR compared_rules COLLATE "C" < @version)
        """;

    public async Task<Uncovered> ReadAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        // The neighbours of a day that a dirty one may reach into are needed to judge it.
        var rows = (await connection.QueryAsync<long, RollupDay, (long Account, RollupDay Row)>(
            Command(Rows, new { limit = MostDirty, reach = 2 * DayCoverage.Neighbours }), (account, row) => (account, row), splitOn: "date")).ToLookup(row => row.Account, row => row.Row);
        var accounts = await connection.QueryAsync<Account>(Command(Accounts, new { ids = rows.Select(account => account.Key).ToArray() }));
        var found = accounts.OrderBy(account => account.Id).Select(account => Judge(account with { Rules = rules }, [.. rows[account.Id]])).OfType<AccountUncovered>().ToList();
        return new Uncovered(
            found, rows.Sum(account => account.Count(row => row.State == DayState.Dirty)) >= MostDirty,
            await connection.ExecuteScalarAsync<int>(Command(NotCompared, new { version = rules.Version })), rules.Version);

        CommandDefinition Command(string sql, object parameters) => new(sql, parameters, cancellationToken: cancellationToken);
    }

    /// <summary>Null if the account has no such day, or no zone and so no days.</summary>
    private static AccountUncovered? Judge(Account account, IReadOnlyList<RollupDay> rows)
    {
        if (account.Zone is not { } zone) return null;
        var coverage = new DayCoverage(account, rows);
        var dirty = rows.Where(row => row.State == DayState.Dirty).Select(row => row.Date).ToHashSet();
        var dates = rows.Select(row => row.Date)
            .Where(date => Enumerable.Range(-DayCoverage.Neighbours, 2 * DayCoverage.Neighbours + 1).Any(offset => dirty.Contains(date.PlusDays(offset))))
            .Where(date => !coverage.IsCovered(LocalDay.Of(date, zone)))
            .ToList();
        return dates.Count == 0 ? null : new AccountUncovered(account.Id, dates.Count, dates[0], dates[^1]);
    }
}
