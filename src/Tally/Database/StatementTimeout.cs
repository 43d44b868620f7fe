using System.Globalization;
using Dapper;
using Npgsql;

namespace Tally.Database;

/// <summary>Statements that the server itself cuts off.</summary>
internal static class StatementTimeout
{
    /// <summary>
    /// Runs one statement in one round trip. Past <paramref name="timeout"/> the server cancels it and the connection stays
    /// usable; a server that does not even do that fails the command a little later.
    /// </summary>
    /// <exception cref="PostgresException">The statement failed; SQLSTATE 57014 when it took too long.</exception>
    public static async Task<IReadOnlyList<T>> QueryWithinAsync<T>(
        this NpgsqlConnection connection, TimeSpan timeout, string sql, object parameters, CancellationToken cancellationToken)
    {
        // Local to the implicit transaction of the two statements, so nothing stays behind in a pooled connection.
        var limited = string.Create(CultureInfo.InvariantCulture, $"SELECT set_config('statement_timeout', '{(long)timeout.TotalMilliseconds}ms', true);\n{sql}");
        var command = new CommandDefinition(
            limited, parameters, commandTimeout: (int)Math.Ceiling(timeout.TotalSeconds) + 5, cancellationToken: cancellationToken);
        await using var results = await connection.QueryMultipleAsync(command);
        await results.ReadFirstAsync<string>();
        return [.. await results.ReadAsync<T>()];
    }
}
