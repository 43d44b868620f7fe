using Dapper;
using NodaTime;
using Npgsql;
using Tally.Billing.Refresh;
using Tally.Database;

namespace Tally.Billing.Months;

/// <summary>Closes months against change, and opens them again.</summary>
/// <remarks>Both take the lock of every day of the month, in order, so that no refresh of one is half way.</remarks>
internal sealed class ClosedMonths(NpgsqlDataSource dataSource, IClock clock)
{
    private const string Lock = """
        /* tally:billing.lock_month */
        SELECT pg_advisory_xact_lock(@lock_class, key) FROM generate_series(@first_key, @last_key) key
        """;

    private const string Close = """
        /* tally:billing.close_month */
        INSERT INTO billing.closed_months (month, closed_at) VALUES (@month, @now) ON CONFLICT (month) WHERE reopened_at IS NULL DO NOTHING
        """;

    private const string Reopen = """
        /* tally:billing.reopen_month */
        UPDATE billing.closed_months SET reopened_at = @now WHERE month = @month AND reopened_at IS NULL
        """;

    private const string Apply = $"""
        /* tally:billing.apply_held */
        WITH changes AS MATERIALIZED (
            SELECT held.*, stored.fact, stored.created_at
            FROM billing.corrections held
            -- One probe of the primary key for each, whatever the planner thinks of the numbers.
            LEFT JOIN LATERAL (
                SELECT ctid AS fact, created_at FROM billing.ft_billing
                WHERE local_date = held.local_date AND template_id = held.template_id AND service_id = held.service_id
                  AND notification_type = held.notification_type AND provider = held.provider
                  AND rate_multiplier = held.rate_multiplier AND international = held.international AND rate = held.rate_from
                OFFSET 0) stored ON true
            WHERE held.state = 'held' AND held.local_date >= @month AND held.local_date < @end
        ),
        {FactWriteSql.Sql}
        UPDATE billing.corrections SET state = 'applied', decided_at = @now
        WHERE id = ANY (ARRAY(SELECT id FROM changes))
        """;

    /// <summary>Closes a month: from now on, changes of its facts are held.</summary>
    /// <returns>False if it was closed already.</returns>
    /// <exception cref="BillingException">The month is not over.</exception>
    public async Task<bool> CloseAsync(YearMonth month, CancellationToken cancellationToken)
    {
        if (clock.TodayUtc() < month.FirstDay().PlusMonths(1))
            throw new BillingException($"{Name(month)} is not over. A month can be closed from its end at 00:00 UTC on.");
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await LockAsync(connection, month, cancellationToken);
        var closed = await connection.ExecuteAsync(Command(
            Close, new { month = month.FirstDay(), now = clock.GetCurrentInstant() }, transaction, cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return closed == 1;
    }

    /// <summary>Opens a month again and applies the corrections held meanwhile, in one transaction.</summary>
    /// <returns>How many corrections were applied; null if the month was not closed.</returns>
    public async Task<int?> ReopenAsync(YearMonth month, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await LockAsync(connection, month, cancellationToken);
        var parameters = new { month = month.FirstDay(), end = month.FirstDay().PlusMonths(1), now = clock.GetCurrentInstant() };
        if (await connection.ExecuteAsync(Command(Reopen, parameters, transaction, cancellationToken)) == 0) return null;

        var applied = await connection.ExecuteAsync(Command(Apply, parameters, transaction, cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return applied;
    }

    private static async Task<NpgsqlTransaction> LockAsync(NpgsqlConnection connection, YearMonth month, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginWithinAsync(TimedStatement.ByHand, cancellationToken);
        await connection.ExecuteAsync(Command(
            Lock,
            new { lock_class = BillingDay.LockClass, first_key = month.FirstDay().LockKey(), last_key = month.FirstDay().PlusMonths(1).LockKey() - 1 },
            transaction, cancellationToken));
        return transaction;
    }

    private static CommandDefinition Command(string sql, object parameters, NpgsqlTransaction transaction, CancellationToken cancellationToken) =>
        new(sql, parameters, transaction, TimedStatement.ClientTimeout(TimedStatement.ByHand), cancellationToken: cancellationToken);

    private static string Name(YearMonth month) => NodaTime.Text.YearMonthPattern.Iso.Format(month);
}
