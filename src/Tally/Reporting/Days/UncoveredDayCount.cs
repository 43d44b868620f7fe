using Dapper;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;

namespace Tally.Reporting.Days;

/// <summary>How many days reports read from raw events because their rollups wait to be rebuilt, and why.</summary>
/// <param name="Dirty">Marked to be rebuilt.</param>
/// <param name="CutOtherwise">Cut with other windows than this process's time zone data give.</param>
/// <param name="ZoneData">The version of these data.</param>
internal sealed record UncoveredDayCount(long Dirty, long CutOtherwise, string ZoneData)
{
    internal const string CountDirty = """
        /* tally:days.count_dirty */
        SELECT count(*) FROM reporting.reporting_days WHERE state = 'dirty'
        """;

    // Accounts whose days were compared with these data have others only if an older app went on beside, and until they
    // are reconciled.
    private const string NotCompared = $"""
        /* tally:accounts.not_compared */
        SELECT {Account.Columns} FROM reporting.accounts
        WHERE reporting_timezone IS NOT NULL AND (compared_rules IS NULL OR compared_rules COLLATE "C" <> @version)
        """;

    private const string Windows = """
        /* tally:days.windows_of */
        SELECT date, day_start, day_end, state FROM reporting.reporting_days WHERE account_id = @account_id AND (@dirty_too OR state <> 'dirty')
        """;

    /// <summary>Counts over all accounts, with the time zone data of this process.</summary>
    public static Task<UncoveredDayCount> CountAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken = default) => CountAsync(dataSource, ZoneRules.Default, cancellationToken);

    internal static async Task<UncoveredDayCount> CountAsync(NpgsqlDataSource dataSource, ZoneRules rules, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var dirty = await connection.ExecuteScalarAsync<long>(new CommandDefinition(CountDirty, cancellationToken: cancellationToken));
        var cutOtherwise = 0L;
        foreach (var account in (await connection.QueryAsync<Account>(new CommandDefinition(NotCompared, new { version = rules.Version }, cancellationToken: cancellationToken))).AsList())
            cutOtherwise += await CountCutOtherwiseAsync(connection, account with { Rules = rules }, TimedStatement.ByHand, dirtyToo: false, cancellationToken);

        return new UncoveredDayCount(dirty, cutOtherwise, rules.Version);
    }

    /// <summary>How many of the account's days, of the covered ones unless <paramref name="dirtyToo"/>, have other windows than its time zone data give.</summary>
    internal static async Task<int> CountCutOtherwiseAsync(NpgsqlConnection connection, Account account, TimeSpan timeout, bool dirtyToo, CancellationToken cancellationToken)
    {
        if (account.Zone is not { } zone) return 0;
        var rows = await connection.QueryAsync<RollupDay>(new CommandDefinition(
            Windows, new { account_id = account.Id, dirty_too = dirtyToo }, commandTimeout: TimedStatement.ClientTimeout(timeout), cancellationToken: cancellationToken));
        return rows.Count(row => !row.IsCutAs(LocalDay.Of(row.Date, zone)));
    }
}
