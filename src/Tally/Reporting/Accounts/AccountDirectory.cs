using System.Collections.Concurrent;
using Dapper;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Accounts;

/// <summary>
/// The accounts that this process has met. What it remembers may be old: the transaction that uses a zone
/// checks it (<see cref="RollupWriter"/>, <see cref="DayRebuilder"/>) and asks anew if it changed.
/// </summary>
internal sealed class AccountDirectory(NpgsqlDataSource dataSource, ZoneRules rules)
{
    // Far above a working set, far below what would hurt: an account takes some 200 bytes.
    private const int Capacity = 100_000;

    private const string Select = $"""
        /* tally:accounts.read */
        SELECT {Account.Columns}
        FROM reporting.accounts
        WHERE id = ANY(@ids)
        """;

    private readonly ConcurrentDictionary<long, Account> _accounts = new();

    /// <summary>The accounts that exist among <paramref name="ids"/>.</summary>
    public async ValueTask<IReadOnlyDictionary<long, Account>> GetAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken)
    {
        var found = new Dictionary<long, Account>(ids.Count);
        List<long>? missing = null;
        foreach (var id in ids)
        {
            if (_accounts.TryGetValue(id, out var account)) found[id] = account;
            else (missing ??= []).Add(id);
        }

        if (missing is null) return found;

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var read = await connection.QueryWithinAsync<Account>(OutageRetry.StatementTimeout, Select, new { ids = missing.ToArray() }, cancellationToken);
        if (_accounts.Count >= Capacity) _accounts.Clear();
        foreach (var account in read)
        {
            found[account.Id] = _accounts[account.Id] = account with { Rules = rules };
        }

        return found;
    }

    /// <summary>Those of the ids whose accounts were erased, or are being erased: what comes for them is refused, and fails nobody.</summary>
    public async Task<IReadOnlySet<long>> ErasedAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryWithinAsync<long>(
            OutageRetry.StatementTimeout, "/* tally:accounts.erased */ SELECT account_id FROM reporting.erased_accounts WHERE account_id = ANY(@ids)", new { ids = ids.ToArray() }, cancellationToken)).ToHashSet();
    }

    /// <summary>Whether the accounts exist and still have these zones, as the connection's transaction sees them.</summary>
    public static async Task<bool> AreCurrentAsync(NpgsqlConnection connection, IEnumerable<Account> accounts, CancellationToken cancellationToken)
    {
        var expected = accounts.ToDictionary(account => account.Id, account => account.ReportingTimezone);
        var read = await connection.QueryAsync<Account>(new CommandDefinition(Select, new { ids = expected.Keys.ToArray() }, cancellationToken: cancellationToken));
        return read.Count(account => account.ReportingTimezone == expected[account.Id]) == expected.Count;
    }

    /// <summary>Makes the next question about these accounts go to the database.</summary>
    public void Forget(IEnumerable<long> ids)
    {
        foreach (var id in ids) _accounts.TryRemove(id, out _);
    }
}
