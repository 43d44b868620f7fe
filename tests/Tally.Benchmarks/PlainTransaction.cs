using Npgsql;

namespace Tally.Benchmarks;

/// <summary>Transactions as the originals' drivers send them: <c>BEGIN</c> is a round trip of its own, which Npgsql would spare.</summary>
internal static class PlainTransaction
{
    public static async Task InTransactionAsync(this NpgsqlConnection connection, Func<Task> work, CancellationToken cancellationToken)
    {
        await SendAsync(connection, "BEGIN", cancellationToken);
        await work();
        await SendAsync(connection, "COMMIT", cancellationToken);
    }

    private static async Task SendAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
