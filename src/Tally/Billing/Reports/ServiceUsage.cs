using Dapper;
using Npgsql;

namespace Tally.Billing.Reports;

/// <summary>What a service used in a calendar year and what it costs. Reads only the facts: today counts as last refreshed.</summary>
internal sealed class ServiceUsage(NpgsqlDataSource dataSource)
{
    private static readonly string Scope = AllowanceWindow.Scope("SELECT @id::uuid AS service_id");

    private const string Measures = """
        sum(notifications_sent)::bigint AS notifications_sent, sum(chargeable_units)::bigint AS chargeable_units, sum(cost) AS cost,
        sum(free_allowance_used)::bigint AS free_allowance_used, sum(charged_units)::bigint AS charged_units,
        bool_or(allowance_missing) AS allowance_missing
        """;

    private const string EmailMonths = """
        SELECT 'email' AS notification_type, month, rate, notifications_sent, billable_units AS chargeable_units, 0::numeric AS cost,
               0::bigint AS free_allowance_used, billable_units AS charged_units, false AS allowance_missing
        FROM billing.ft_billing_monthly
        WHERE service_id = @id AND notification_type = 'email' AND month >= @year_start AND month < @next_year
        """;

    private const string SmsMonths = """
        SELECT 'sms' AS notification_type, date_trunc('month', local_date::timestamp)::date AS month, rate, notifications_sent, chargeable_units, cost,
               free_allowance_used, charged_units, allowance_missing
        FROM charges
        """;

    private static readonly string Totals = $"""
        /* tally:billing.service_totals */
        WITH {Scope}, {AllowanceWindow.ByMonth}
        SELECT notification_type, rate, {Measures}
        FROM ({EmailMonths} UNION ALL {SmsMonths}) usage
        GROUP BY notification_type, rate
        ORDER BY notification_type, rate
        """;

    private static readonly string Monthly = $"""
        /* tally:billing.service_months */
        WITH {Scope}, {AllowanceWindow.ByMonth}
        SELECT rate, notification_type, month, {Measures}
        FROM ({EmailMonths} UNION ALL {SmsMonths}) usage
        GROUP BY rate, notification_type, month
        ORDER BY month, notification_type, rate
        """;

    private const string Email = """
        /* tally:billing.service_email */
        SELECT local_date, notifications_sent, billable_units AS chargeable_units, rate, notification_type, 0::numeric AS cost,
               0::bigint AS free_allowance_used, billable_units AS charged_units
        FROM billing.ft_billing
        WHERE service_id = @id AND notification_type = 'email' AND local_date >= @year_start AND local_date < @next_year
        ORDER BY local_date, rate, template_id, provider, rate_multiplier, international
        """;

    private static readonly string Sms = $"""
        /* tally:billing.service_sms */
        WITH {Scope}, {AllowanceWindow.ByFact}
        SELECT local_date, notifications_sent, chargeable_units, rate, notification_type, cost, free_allowance_used, charged_units
        FROM charges
        ORDER BY local_date, rate, template_id, provider, rate_multiplier, international
        """;

    /// <summary>The year's totals per type and rate, email before SMS.</summary>
    public Task<IReadOnlyList<YearlyUsage>> FetchTotalsAsync(Guid serviceId, int year, CancellationToken cancellationToken) =>
        QueryAsync<YearlyUsage>(Totals, serviceId, year, cancellationToken);

    /// <summary>The year per month, type and rate, in that order.</summary>
    public Task<IReadOnlyList<MonthlyUsage>> FetchMonthlyAsync(Guid serviceId, int year, CancellationToken cancellationToken) =>
        QueryAsync<MonthlyUsage>(Monthly, serviceId, year, cancellationToken);

    /// <summary>The email facts of the year.</summary>
    public Task<IReadOnlyList<FactUsage>> FetchEmailAsync(Guid serviceId, int year, CancellationToken cancellationToken) =>
        QueryAsync<FactUsage>(Email, serviceId, year, cancellationToken);

    /// <summary>The SMS facts of the year in the order in which they use up the allowance.</summary>
    public Task<IReadOnlyList<FactUsage>> FetchSmsAsync(Guid serviceId, int year, CancellationToken cancellationToken) =>
        QueryAsync<FactUsage>(Sms, serviceId, year, cancellationToken);

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, Guid serviceId, int year, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var parameters = AllowanceWindow.Parameters(BillingPeriod.OfYear(year), serviceId);
        return [.. await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))];
    }
}
