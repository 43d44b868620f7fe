using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Reporting.Rollups;

/// <summary>A row of <c>reporting.reporting_events_rollups</c>; sums are seconds.</summary>
internal sealed record RollupRow
{
    public required LocalDate Date { get; init; }

    public required string DimensionType { get; init; }

    public required long DimensionId { get; init; }

    public required string Metric { get; init; }

    public required long Count { get; init; }

    public required decimal SumValue { get; init; }

    public required decimal SumValueBusinessHours { get; init; }

    public required Instant CreatedAt { get; init; }

    public required Instant UpdatedAt { get; init; }
}

/// <summary>Reads rollup rows as they are stored.</summary>
internal sealed class RollupReader(NpgsqlDataSource dataSource)
{
    private const string Select = """
        /* tally:rollups.show */
        SELECT date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours, created_at, updated_at
        FROM reporting.reporting_events_rollups
        WHERE account_id = @account_id AND date BETWEEN @from AND @to
        ORDER BY date, dimension_type, dimension_id, metric
        """;

    /// <summary>The account's rows of the days, both included.</summary>
    public async Task<IReadOnlyList<RollupRow>> ReadAsync(long accountId, LocalDate from, LocalDate to, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<RollupRow>(new CommandDefinition(Select, new { account_id = accountId, from, to }, cancellationToken: cancellationToken))];
    }
}
