using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Retention;

/// <summary>What the erasure of an account removed.</summary>
/// <param name="WasThere">Whether the account existed; its leavings may outlive it if an erasure was broken off.</param>
/// <param name="Rows">Rows of its events, rollups and their states.</param>
public sealed record AccountErasure(bool WasThere, long Rows);

/// <summary>Removes an account and everything that is kept for it. Broken off, it goes on when it is called again.</summary>
public sealed class AccountEraser
{
    private const int RowsAtOnce = 10_000;

    private readonly NpgsqlDataSource _dataSource;
    private readonly AccountDirectory _directory;
    private readonly ILogger<AccountEraser> _logger;

    internal AccountEraser(NpgsqlDataSource dataSource, AccountDirectory directory, ILogger<AccountEraser> logger)
    {
        _dataSource = dataSource;
        _directory = directory;
        _logger = logger;
    }

    /// <summary>Erases the account: first itself, so that no event comes any more, then what it leaves, 10,000 rows at a time.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="progress">Told the rows removed so far.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public async Task<AccountErasure> EraseAsync(long accountId, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        var wasThere = await DeleteAccountAsync(connection, accountId, cancellationToken);
        _directory.Forget([accountId]);
        var rows = 0L;
        foreach (var sql in EraseSql.DeleteRows)
        {
            int removed;
            do
            {
                removed = await connection.ExecuteAsync(new CommandDefinition(
                    sql, new { account_id = accountId, limit = RowsAtOnce }, commandTimeout: 300, cancellationToken: cancellationToken));
                rows += removed;
                progress?.Report(rows);
            }
            while (removed == RowsAtOnce);
        }

        if (wasThere || rows > 0) Log.AccountErased(_logger, accountId, rows);
        return new AccountErasure(wasThere, rows);
    }

    /// <summary>Waits for those that are applying the account's events; those that come later find no account.</summary>
    private static async Task<bool> DeleteAccountAsync(NpgsqlConnection connection, long accountId, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "SELECT pg_advisory_xact_lock(@key)", new { key = AdvisoryLocks.Account(accountId) }, transaction, cancellationToken: cancellationToken));
        var deleted = await connection.ExecuteAsync(new CommandDefinition(EraseSql.DeleteAccount, new { account_id = accountId }, transaction, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return deleted > 0;
    }
}
