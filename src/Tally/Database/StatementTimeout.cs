using Dapper;
using Npgsql;

namespace Tally.Database;

/// <summary>Statements that the server itself cuts off.</summary>
internal static class StatementTimeout
{
    // Local to the statement's own implicit transaction, so nothing stays behind in a pooled connection.
    private const string SetTimeout = "SELECT set_config('statement_timeout', @StatementTimeout, true);\n";

    /// <summary>
    /// Runs one statement in one round trip. Past <paramref name="timeout"/> the server cancels it and the connection stays
    /// usable; a server that does not even answer that fails the command a little later.
    /// </summary>
    /// <exception cref="PostgresException">The statement failed; SQLSTATE 57014 when it took too long.</exception>
    public static async Task<IReadOnlyList<T>> QueryWithinAsync<T>(
        this NpgsqlConnection connection, TimeSpan timeout, string sql, object parameters, CancellationToken cancellationToken)
    {
        var values = new DynamicParameters(parameters);
        values.Add("StatementTimeout", $"{(long)timeout.TotalMilliseconds}ms");
        var command = new CommandDefinition(
            SetTimeout + sql, values, commandTimeout: (int)Math.Ceiling(timeout.TotalSeconds) + 5, cancellationToken: cancellationToken);
        await using var results = await connection.QueryMultipleAsync(command);
        await results.ReadFirstAsync<string>();
        return [.. await results.ReadAsync<T>()];
    }
}
