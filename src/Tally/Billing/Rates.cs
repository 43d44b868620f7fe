using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Billing;

/// <summary>A row of <c>rates</c>: the price of one SMS fragment from <see cref="ValidFrom"/> on.</summary>
internal sealed record BillingRate
{
    public required Guid Id { get; init; }
    public required Instant ValidFrom { get; init; }

    /// <summary>In the currency of the invoices; 0 or more, at most 10 decimals.</summary>
    public required decimal Rate { get; init; }

    /// <summary><c>sms</c>, <c>email</c> or <c>letter</c>; only sms is priced.</summary>
    public required string NotificationType { get; init; }
}

/// <summary>Prices over time. A price applies to a day if it is in force at the day's first instant.</summary>
internal sealed class Rates(NpgsqlDataSource dataSource)
{
    /// <summary>The one SMS rate of a day, as a scalar subquery; no row when none is in force. Parameter: <c>@from</c>, the day's start.</summary>
    internal const string SmsRateSql =
        "SELECT rates.rate FROM billing.rates WHERE rates.notification_type = 'sms' AND rates.valid_from <= @from ORDER BY rates.valid_from DESC LIMIT 1";

    private const string List = """
        /* tally:billing.list_rates */
        SELECT id, valid_from, rate, notification_type FROM billing.rates ORDER BY valid_from DESC, notification_type
        """;

    private const string Set = """
        /* tally:billing.set_rate */
        INSERT INTO billing.rates (notification_type, valid_from, rate) VALUES (@type, @valid_from, @rate)
        ON CONFLICT (notification_type, valid_from) DO UPDATE SET rate = EXCLUDED.rate
        RETURNING id, valid_from, rate, notification_type
        """;

    /// <summary>All rates of every type, the latest first.</summary>
    public async Task<IReadOnlyList<BillingRate>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<BillingRate>(new CommandDefinition(List, cancellationToken: cancellationToken))];
    }

    /// <summary>The price of a unit on a day; everything but SMS costs nothing.</summary>
    /// <exception cref="MissingRateException">No sms rate is in force at the day's start.</exception>
    public async Task<decimal> GetAsync(string notificationType, LocalDate day, CancellationToken cancellationToken)
    {
        if (notificationType != "sms") return 0;
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<decimal?>(new CommandDefinition(
            "/* tally:billing.get_rate */ " + SmsRateSql, new { from = day.StartUtc() }, cancellationToken: cancellationToken))
            ?? throw new MissingRateException(day);
    }

    /// <summary>
    /// Sets the price from an instant on, in place of one that started at the same instant. Facts follow when their days
    /// are refreshed.
    /// </summary>
    /// <exception cref="BillingException">No such type, or the price is negative, 100000 or more, or has more than 10 decimals.</exception>
    public async Task<BillingRate> SetAsync(string notificationType, decimal rate, Instant validFrom, CancellationToken cancellationToken)
    {
        if (notificationType is not ("sms" or "email" or "letter"))
            throw new BillingException($"'{notificationType}' is no notification type. Expected sms, email or letter.");
        if (rate is < 0 or >= 100_000 || rate.Scale > 10)
            throw new BillingException($"A rate of {rate} is out of range. Expected 0 or more, below 100000, with at most 10 decimals.");
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<BillingRate>(new CommandDefinition(
            Set, new { type = notificationType, valid_from = validFrom, rate }, cancellationToken: cancellationToken));
    }
}
