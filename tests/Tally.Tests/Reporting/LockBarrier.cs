using Dapper;
using Npgsql;

namespace Tally.Tests.Reporting;

/// <summary>An advisory lock that the test holds, so that what needs it waits until the test says so.</summary>
internal sealed class LockBarrier : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private LockBarrier(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        _connection = connection;
        _transaction = transaction;
    }

    /// <summary>Takes the locks, in a transaction of its own.</summary>
    public static async Task<LockBarrier> HoldAsync(NpgsqlDataSource dataSource, params long[] keys)
    {
        var connection = await dataSource.OpenConnectionAsync();
        var barrier = new LockBarrier(connection, await connection.BeginTransactionAsync());
        foreach (var key in keys) await barrier.ExecuteAsync("SELECT pg_advisory_xact_lock(@key)", new { key });
        return barrier;
    }

    /// <summary>Does something in the transaction that holds the locks.</summary>
    public Task ExecuteAsync(string sql, object? parameters = null) => _connection.ExecuteAsync(sql, parameters, _transaction);

    /// <summary>Commits, and lets everybody through.</summary>
    public Task ReleaseAsync() => _transaction.CommitAsync();

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
