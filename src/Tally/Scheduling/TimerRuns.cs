using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Scheduling;

/// <summary>The last run of a timer that found something to do: a row of <c>tally_read.timers</c>.</summary>
internal sealed record TimerRun
{
    public required string Timer { get; init; }

    public required Instant? StartedAt { get; init; }

    public required Instant? FinishedAt { get; init; }

    /// <summary><c>completed</c>, <c>running</c>, <c>goes on</c> or <c>failed</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>What it did, or the first error.</summary>
    public required string? Detail { get; init; }
}

/// <summary>Reads what the timers did. Writes nothing.</summary>
internal sealed class TimerRuns(NpgsqlDataSource dataSource)
{
    private const string Select = """
        /* tally:scheduling.timers */
        SELECT timer, started_at, finished_at, outcome, detail FROM tally_read.timers ORDER BY timer
        """;

    /// <summary>By name; a timer that never ran is not there.</summary>
    public async Task<IReadOnlyList<TimerRun>> ReadAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<TimerRun>(new CommandDefinition(Select, cancellationToken: cancellationToken))];
    }
}
