using Dapper;
using Npgsql;
using Tally.Reporting.Accounts;

namespace Tally.Reporting.Days;

/// <summary>How many days reports read from raw events because their rollups wait to be rebuilt, and why.</summary>
/// <param name="Dirty">Marked to be rebuilt.</param>
/// <param name="CutOtherwise">Cut with other windows than this process's time zone data give.</param>
/// <param name="ZoneData">The version of these data.</param>
internal sealed record UncoveredDays(long Dirty, long CutOtherwise, string ZoneData)
{
    internal const string CountDirty = """
        /* tally:days.count_dirty */
        SELECT count(*) FROM reporting.reporting_days WHERE state = 'dirty'
        """;

    // Accounts whose days were compared with these data have no others.
    private const string NotCompared = $"""
        /* tally:accounts.not_compared */
        SELECT {Account.Columns} FROM reporting.accounts
        WHERE reporting_timezone IS NOT NULL AND (compared_rules IS NULL OR compared_rules COLLATE "C" <> @version)
        """;

    private const string Windows = """
        /* tally:days.windows_of */
        SELECT date, day_start, day_end, state FROM reporting.reporting_days WHERE account_id = @account_id AND state <> 'dirty'
        """;

    /// <summary>Counts over all accounts, with the time zone data of this process.</summary>
    public static Task<UncoveredDays> CountAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken = default) => CountAsync(dataSource, ZoneRules.Default, cancellationToken);

    internal static async Task<UncoveredDays> CountAsync(NpgsqlDataSource dataSource, ZoneRules rules, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var dirty = await connection.ExecuteScalarAsync<long>(new CommandDefinition(CountDirty, cancellationToken: cancellationToken));
        var cutOtherwise = 0L;
        foreach (var account in (await connection.QueryAsync<Account>(new CommandDefinition(NotCompared, new { version = rules.Version }, cancellationToken: cancellationToken))).AsList())
        {
            if ((account with { Rules = rules }).Zone is not { } zone) continue;
            var rows = await connection.QueryAsync<RollupDay>(new CommandDefinition(Windows, new { account_id = account.Id }, cancellationToken: cancellationToken));
            cutOtherwise += rows.Count(row => !row.IsCutAs(LocalDay.Of(row.Date, zone)));
        }

        return new UncoveredDays(dirty, cutOtherwise, rules.Version);
    }
}
