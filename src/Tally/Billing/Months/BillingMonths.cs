using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Billing.Months;

/// <summary>How a month stands.</summary>
internal sealed record BillingMonth
{
    public required YearMonth Month { get; init; }

    /// <summary>Null while the month is open.</summary>
    public required Instant? ClosedAt { get; init; }

    /// <summary>Corrections that wait for the month to be opened.</summary>
    public required long Held { get; init; }

    public required long Facts { get; init; }
}

/// <summary>Reads which months there are. Writes nothing.</summary>
internal sealed class BillingMonths(NpgsqlDataSource dataSource)
{
    private const string List = """
        /* tally:billing.list_months */
        SELECT month, max(closed_at) AS closed_at, sum(held)::bigint AS held, sum(facts)::bigint AS facts
        FROM (
            SELECT month, NULL::timestamptz AS closed_at, 0 AS held, facts FROM billing.ft_billing_monthly
            WHERE month >= @first AND month < @end
            UNION ALL
            SELECT month, closed_at, 0, 0 FROM billing.closed_months
            WHERE month >= @first AND month < @end AND reopened_at IS NULL
            UNION ALL
            SELECT date_trunc('month', local_date::timestamp)::date, NULL, 1, 0 FROM billing.corrections
            WHERE state = 'held' AND local_date >= @first AND local_date < @end
        ) known
        GROUP BY month
        ORDER BY month
        """;

    private const string Newest = "/* tally:billing.newest_month */ SELECT max(month) FROM billing.ft_billing_monthly";

    /// <summary>The months of a year that have facts, are closed or have corrections held back, in order.</summary>
    public async Task<IReadOnlyList<BillingMonth>> ListAsync(int year, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            List, new { first = new LocalDate(year, 1, 1), end = new LocalDate(year + 1, 1, 1) }, cancellationToken: cancellationToken));
        return [.. rows.Select(row => new BillingMonth { Month = row.Month.ToYearMonth(), ClosedAt = row.ClosedAt, Held = row.Held, Facts = row.Facts })];
    }

    /// <summary>The last month that has facts; null if none has.</summary>
    public async Task<YearMonth?> FindNewestAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return (await connection.ExecuteScalarAsync<LocalDate?>(new CommandDefinition(Newest, cancellationToken: cancellationToken)))?.ToYearMonth();
    }

    private sealed record Row
    {
        public required LocalDate Month { get; init; }
        public required Instant? ClosedAt { get; init; }
        public required long Held { get; init; }
        public required long Facts { get; init; }
    }
}
