using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Billing.Months;

/// <summary>Reads the changes of facts.</summary>
public sealed class Corrections(NpgsqlDataSource dataSource)
{
    private const string List = """
        /* tally:billing.list_corrections */
        SELECT id, run_id, recorded_at, state, decided_at, provisional, local_date, service_id, template_id, notification_type,
               provider, rate_multiplier, international, rate_from, rate_to, billable_units_from, billable_units_to,
               notifications_sent_from, notifications_sent_to,
               rate_multiplier * (coalesce(billable_units_to * rate_to, 0) - coalesce(billable_units_from * rate_from, 0)) AS gross_cost_change
        FROM billing.corrections
        WHERE local_date >= @first AND local_date < @end
          AND (@serviceId::uuid IS NULL OR service_id = @serviceId)
          AND (@provisional OR NOT provisional)
        ORDER BY id
        """;

    /// <summary>The changes of a month's facts, in the order in which they were recorded.</summary>
    /// <param name="month">The month of the facts.</param>
    /// <param name="serviceId">Only this service; null for all.</param>
    /// <param name="provisional">Also the growth of days that were still running.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<IReadOnlyList<Correction>> ListAsync(YearMonth month, Guid? serviceId, bool provisional, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<Correction>(new CommandDefinition(
            List, new { first = month.FirstDay(), end = month.FirstDay().PlusMonths(1), serviceId, provisional }, cancellationToken: cancellationToken))];
    }
}
