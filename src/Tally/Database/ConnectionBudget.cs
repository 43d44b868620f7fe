using Dapper;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Tally.Database;

/// <summary>Whether the connections of every process that may run at once fit the server.</summary>
/// <param name="Processes">Processes of the function app: instances, times functions where each scales on its own.</param>
/// <param name="PoolSize">The most connections that one process takes.</param>
/// <param name="Available">Connections that the server has for everybody but its superusers.</param>
internal sealed record ConnectionBudget(int Processes, int PoolSize, int Available)
{
    /// <summary>What is kept for operators: one command line with its default pool.</summary>
    public const int CommandLine = 20;

    /// <summary>How many functions there are, each of which Flex Consumption scales on its own.</summary>
    public const int Functions = 9;

    private const string Select = """
        /* tally:server.connections */
        SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
             - coalesce(current_setting('reserved_connections', true)::int, 0)
        """;

    public int Needed => (Processes * PoolSize) + CommandLine;

    /// <summary>The sum in words.</summary>
    public string Sum => $"{Processes} processes x {PoolSize} connections + {CommandLine} for the command line = {Needed}; the server has {Available}";

    /// <summary>What does not fit and what to do, in a sentence; null when it fits.</summary>
    public string? FindMisfit() => Needed <= Available
        ? null
        : $"Connections do not fit the database: {Sum}. Lower Maximum Pool Size in ConnectionStrings:Tally or Database:Instances, or raise the server's max_connections.";

    /// <summary>The processes of a deployment.</summary>
    /// <param name="instances">The setting <c>Database:Instances</c>: instances of each function; null for one process that runs all of them.</param>
    /// <param name="alwaysReady">The setting <c>Database:AlwaysReady</c>: instances that are kept ready beside those; null for none.</param>
    /// <param name="functions">How many functions there are.</param>
    /// <exception cref="FormatException">A setting is no number that can be; the message names it.</exception>
    public static int CountProcesses(string? instances, string? alwaysReady, int functions)
    {
        if (string.IsNullOrWhiteSpace(instances)) return 1;
        if (!int.TryParse(instances, out var count) || count < 1)
            throw new FormatException($"Setting Database:Instances is '{instances}'. Expected the most instances that a function may have, 1 or more.");
        var ready = 0;
        if (!string.IsNullOrWhiteSpace(alwaysReady) && (!int.TryParse(alwaysReady, out ready) || ready < 0))
            throw new FormatException($"Setting Database:AlwaysReady is '{alwaysReady}'. Expected how many instances are kept ready, 0 or more.");
        return (count * functions) + ready;
    }

    /// <summary>The processes of the deployment that these settings describe.</summary>
    /// <inheritdoc cref="CountProcesses(string, string, int)" path="/exception"/>
    public static int CountProcesses(IConfiguration configuration) =>
        CountProcesses(configuration["Database:Instances"], configuration["Database:AlwaysReady"], Functions);

    /// <summary>Asks the server what it has.</summary>
    public static async Task<ConnectionBudget> ReadAsync(NpgsqlDataSource dataSource, int processes, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var available = await connection.QuerySingleAsync<int>(new CommandDefinition(Select, cancellationToken: cancellationToken));
        return new ConnectionBudget(processes, new NpgsqlConnectionStringBuilder(dataSource.ConnectionString).MaxPoolSize, available);
    }
}
