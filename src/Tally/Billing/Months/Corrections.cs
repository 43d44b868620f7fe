using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Billing.Months;

/// <summary>Reads the changes of facts.</summary>
internal sealed class Corrections(NpgsqlDataSource dataSource)
{
    private const string List = """
        /* tally:billing.list_corrections */
        SELECT id, run_id, recorded_at, state, decided_at, provisional, local_date, service_id, template_id, notification_type,
               provider, rate_multiplier, international, rate_from, rate_to, billable_units_from, billable_units_to,
               notifications_sent_from, notifications_sent_to,
               rate_multiplier * (coalesce(billable_units_to * rate_to, 0) - coalesce(billable_units_from * rate_from, 0)) AS gross_cost_change
        FROM billing.corrections
        WHERE local_date >= @first AND local_date < @end
          AND (@service_id::uuid IS NULL OR service_id = @service_id)
          AND (@provisional OR NOT provisional)
        ORDER BY id
        LIMIT @limit::int
        """;

    private const string Sums = """
        /* tally:billing.sum_corrections */
        SELECT count(*) FILTER (WHERE NOT provisional) AS count,
               count(*) FILTER (WHERE provisional) AS provisional,
               count(*) FILTER (WHERE state = 'held' AND NOT provisional) AS held,
               coalesce(sum(change) FILTER (WHERE state = 'applied' AND NOT provisional), 0) AS applied,
               coalesce(sum(change) FILTER (WHERE state = 'held' AND NOT provisional), 0) AS held_cost
        FROM (
            SELECT state, provisional, rate_multiplier * (coalesce(billable_units_to * rate_to, 0) - coalesce(billable_units_from * rate_from, 0)) AS change
            FROM billing.corrections
            WHERE local_date >= @first AND local_date < @end AND (@service_id::uuid IS NULL OR service_id = @service_id)) one
        """;

    /// <summary>The changes of a month's facts, in the order in which they were recorded.</summary>
    /// <param name="month">The month of the facts.</param>
    /// <param name="serviceId">Only this service; null for all.</param>
    /// <param name="provisional">Also the growth of days that were still running.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public Task<IReadOnlyList<Correction>> ListAsync(YearMonth month, Guid? serviceId, bool provisional, CancellationToken cancellationToken) =>
        ListAsync(month, serviceId, provisional, limit: null, cancellationToken);

    /// <summary>The first of them.</summary>
    internal async Task<IReadOnlyList<Correction>> ListAsync(YearMonth month, Guid? serviceId, bool provisional, int? limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<Correction>(new CommandDefinition(
            List, new { first = month.FirstDay(), end = month.FirstDay().PlusMonths(1), service_id = serviceId, provisional, limit }, cancellationToken: cancellationToken))];
    }

    /// <summary>All of them in numbers, of a service or of all.</summary>
    internal async Task<CorrectionSums> SumAsync(YearMonth month, Guid? serviceId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<CorrectionSums>(new CommandDefinition(
            Sums, new { first = month.FirstDay(), end = month.FirstDay().PlusMonths(1), service_id = serviceId }, cancellationToken: cancellationToken));
    }
}

/// <summary>A month's corrections in numbers. Costs are before any allowance.</summary>
internal sealed record CorrectionSums
{
    /// <summary>Changes of facts whose day was over.</summary>
    public required long Count { get; init; }

    /// <summary>Changes of facts whose day was still running.</summary>
    public required long Provisional { get; init; }

    /// <summary>Of <see cref="Count"/>, those that wait for their month to be opened.</summary>
    public required long Held { get; init; }

    /// <summary>What those that were applied add to the price.</summary>
    public required decimal Applied { get; init; }

    /// <summary>What those held back would add.</summary>
    public required decimal HeldCost { get; init; }
}
