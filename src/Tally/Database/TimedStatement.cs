using System.Globalization;
using Dapper;
using Npgsql;

namespace Tally.Database;

/// <summary>
/// The one way to bound a statement: the server cuts it off after the time that a feature's option gives, whatever the role's own
/// <c>statement_timeout</c>, and the connection stays usable. The bound is local to a transaction, so nothing of it stays
/// behind in a pooled connection. A server that does not even cut off fails the command a little later.
/// </summary>
/// <remarks>What is cut off throws a <see cref="PostgresException"/> of SQLSTATE 57014.</remarks>
internal static class TimedStatement
{
    /// <summary>
    /// The bound of a statement that an operator waits for: what a history of years may take, and less than anybody's patience.
    /// </summary>
    public static readonly TimeSpan ByHand = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>The command timeout, in seconds, of a statement that the server bounds.</summary>
    public static int ClientTimeout(TimeSpan timeout) => (int)Math.Ceiling((timeout + Grace).TotalSeconds);

    /// <summary>Bounds the statements after it in its batch.</summary>
    public static NpgsqlBatchCommand Bound(TimeSpan timeout) => new(Sql(timeout));

    /// <summary>Begins a transaction that bounds each of its statements. Give them <see cref="ClientTimeout"/>.</summary>
    public static async Task<NpgsqlTransaction> BeginWithinAsync(this NpgsqlConnection connection, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(Sql(timeout), transaction: transaction, cancellationToken: cancellationToken));
        return transaction;
    }

    /// <summary>Runs one statement in one round trip, and answers its rows.</summary>
    public static async Task<IReadOnlyList<T>> QueryWithinAsync<T>(
        this NpgsqlConnection connection, TimeSpan timeout, string sql, object? parameters, CancellationToken cancellationToken)
    {
        await using var results = await connection.QueryMultipleAsync(Command(timeout, sql, parameters, cancellationToken));
        await results.ReadFirstAsync<string>();
        return [.. await results.ReadAsync<T>()];
    }

    /// <summary>Runs one statement in one round trip, and answers the rows that it wrote.</summary>
    public static Task<int> ExecuteWithinAsync(this NpgsqlConnection connection, TimeSpan timeout, string sql, object? parameters, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(Command(timeout, sql, parameters, cancellationToken));

    private static CommandDefinition Command(TimeSpan timeout, string sql, object? parameters, CancellationToken cancellationToken) =>
        new($"{Sql(timeout)};\n{sql}", parameters, commandTimeout: ClientTimeout(timeout), cancellationToken: cancellationToken);

    private static string Sql(TimeSpan timeout) =>
        string.Create(CultureInfo.InvariantCulture, $"SELECT set_config('statement_timeout', '{(long)timeout.TotalMilliseconds}ms', true)");
}
