using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Poison;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Retention;

/// <summary>What the erasure of an account removed.</summary>
/// <param name="WasThere">Whether the account existed, or its erasure had begun.</param>
/// <param name="Rows">Rows of its events, rollups and their states, and messages on record.</param>
internal sealed record AccountErasure(bool WasThere, long Rows);

/// <summary>
/// Removes an account and everything that is kept for it. Broken off, it goes on when it is called again, and by itself with
/// the next run of <see cref="ResumeUnfinishedAsync"/>; its id is nobody's until it has ended.
/// </summary>
internal sealed class AccountEraser(
    NpgsqlDataSource dataSource, AccountDirectory directory, PoisonLog poison, IOptions<ReportingOptions> options, IClock clock, ILogger<AccountEraser> logger)
{
    private const int RowsAtOnce = 10_000;

    private readonly TimeSpan _timeout = options.Value.StatementTimeout;

    /// <summary>Erases the account: first itself, so that no event comes any more, then what it leaves, 10,000 rows at a time.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="progress">Told the rows removed so far.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public async Task<AccountErasure> EraseAsync(long accountId, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        var now = clock.GetCurrentInstant();
        var wasThere = await BeginAsync(accountId, now, cancellationToken);
        directory.Forget([accountId]);
        var rows = await DeleteRowsAsync(accountId, progress, () => false, cancellationToken) ?? 0;
        if (!wasThere && rows == 0) await ExecuteAsync(EraseSql.TakeBack, accountId, now, cancellationToken);
        await ExecuteAsync(EraseSql.End, accountId, now, cancellationToken);
        if (wasThere || rows > 0) Log.AccountErased(logger, accountId, rows);
        return new AccountErasure(wasThere, rows);
    }

    /// <summary>Ends erasures that were begun and broken off, the oldest first, as far as there is time.</summary>
    /// <returns>How many have ended.</returns>
    internal async Task<int> ResumeUnfinishedAsync(Func<bool> isOverTime, CancellationToken cancellationToken)
    {
        var ended = 0;
        foreach (var accountId in await UnfinishedAsync(cancellationToken))
        {
            directory.Forget([accountId]);
            if (await DeleteRowsAsync(accountId, null, isOverTime, cancellationToken) is not { } rows) break;
            await ExecuteAsync(EraseSql.End, accountId, clock.GetCurrentInstant(), cancellationToken);
            Log.AccountErased(logger, accountId, rows);
            ended++;
            if (isOverTime()) break;
        }

        return ended;
    }

    /// <summary>Waits for those that are applying the account's events; those that come later find no account.</summary>
    private async Task<bool> BeginAsync(long accountId, Instant now, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(_timeout, cancellationToken);
        await LockAsync(connection, accountId, cancellationToken);
        var wasThere = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            EraseSql.Begin, new { account_id = accountId, now }, transaction, TimedStatement.ClientTimeout(_timeout), cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return wasThere;
    }

    /// <summary>The rows removed; null if time was up first.</summary>
    private async Task<long?> DeleteRowsAsync(long accountId, IProgress<long>? progress, Func<bool> isOverTime, CancellationToken cancellationToken)
    {
        long rows = await poison.EraseAsync(accountId, _ => true, cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        foreach (var sql in EraseSql.DeleteRows)
        {
            int removed;
            do
            {
                removed = await connection.ExecuteWithinAsync(_timeout, sql, new { account_id = accountId, limit = RowsAtOnce }, cancellationToken);
                rows += removed;
                progress?.Report(rows);
                if (removed == RowsAtOnce && isOverTime()) return null;
            }
            while (removed == RowsAtOnce);
        }

        return rows;
    }

    private async Task ExecuteAsync(string sql, long accountId, Instant now, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteWithinAsync(_timeout, sql, new { account_id = accountId, now }, cancellationToken);
    }

    private async Task<IReadOnlyList<long>> UnfinishedAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QueryWithinAsync<long>(_timeout, EraseSql.Unfinished, null, cancellationToken);
    }

    private Task LockAsync(NpgsqlConnection connection, long accountId, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition("SELECT pg_advisory_xact_lock(@key)", new { key = AdvisoryLocks.Account(accountId) }, commandTimeout: TimedStatement.ClientTimeout(_timeout), cancellationToken: cancellationToken));
}
