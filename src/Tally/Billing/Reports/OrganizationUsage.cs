using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Billing.Reports;

/// <summary>A live service's year within its organization.</summary>
internal sealed record OrganizationServiceUsage
{
    public required Guid ServiceId { get; init; }
    public required string ServiceName { get; init; }

    /// <summary>Free fragments of the year.</summary>
    public required long FreeSmsLimit { get; init; }

    /// <summary>Free fragments not used yet.</summary>
    public required long SmsRemainder { get; init; }

    /// <summary>Fragments times multiplier.</summary>
    public required long SmsBillableUnits { get; init; }

    /// <summary>The part of them that is charged.</summary>
    public required long ChargeableBillableSms { get; init; }
    public required decimal SmsCost { get; init; }
    public required long EmailsSent { get; init; }

    /// <summary>False for an archived service.</summary>
    public required bool Active { get; init; }

    /// <summary>The service has no allowance for the year; every SMS is charged.</summary>
    public required bool AllowanceMissing { get; init; }
}

/// <summary>The SMS part of <see cref="OrganizationServiceUsage"/>.</summary>
internal sealed record OrganizationSmsBilling
{
    public required string ServiceName { get; init; }
    public required Guid ServiceId { get; init; }
    public required long FreeSmsFragmentLimit { get; init; }
    public required long SmsRemainder { get; init; }
    public required long SmsBillableUnits { get; init; }
    public required long ChargeableBillableSms { get; init; }
    public required decimal SmsCost { get; init; }
    public required bool Active { get; init; }
    public required bool AllowanceMissing { get; init; }
}

/// <summary>One SMS fact of an organization with what it costs.</summary>
internal sealed record OrganizationFactUsage
{
    public required Guid ServiceId { get; init; }
    public required LocalDate LocalDate { get; init; }
    public required long ChargeableUnits { get; init; }
    public required decimal Cost { get; init; }
    public required long ChargedUnits { get; init; }
}

/// <summary>A month's SMS of an organization's live services, with what they cost.</summary>
internal sealed record OrganizationMonthUsage
{
    /// <summary>Its first day.</summary>
    public required LocalDate Month { get; init; }
    public required long FreeAllowanceUsed { get; init; }
    public required long ChargedUnits { get; init; }
    public required decimal Cost { get; init; }
}

/// <summary>A live service's emails within its organization.</summary>
internal sealed record OrganizationEmailUsage
{
    public required string ServiceName { get; init; }
    public required Guid ServiceId { get; init; }
    public required long EmailsSent { get; init; }
}

/// <summary>What the services of an organization used. Live services are those not restricted to trial mode, archived ones included.</summary>
internal sealed class OrganizationUsage(NpgsqlDataSource dataSource)
{
    private static readonly string LiveServices = AllowanceWindow.Scope("SELECT id AS service_id FROM billing.services WHERE organization_id = @id AND NOT restricted");

    private static readonly string AllServices = AllowanceWindow.Scope("SELECT id AS service_id FROM billing.services WHERE organization_id = @id");

    private static readonly string SmsOfLiveServices = $"""
        WITH {LiveServices}, {AllowanceWindow.ByMonth},
        sms AS (
            SELECT name AS service_name, service_id, scope.free_sms_fragment_limit,
                   greatest(scope.free_sms_fragment_limit - coalesce(sum(chargeable_units), 0), 0)::bigint AS sms_remainder,
                   coalesce(sum(chargeable_units), 0)::bigint AS sms_billable_units,
                   coalesce(sum(charged_units), 0)::bigint AS chargeable_billable_sms,
                   coalesce(sum(cost), 0) AS sms_cost, active, scope.allowance_missing
            FROM scope JOIN billing.services ON services.id = service_id LEFT JOIN charges USING (service_id)
            GROUP BY service_id, name, active, scope.free_sms_fragment_limit, scope.allowance_missing
        )
        """;

    private static readonly string Sms = $"""
        /* tally:billing.organization_sms */
        {SmsOfLiveServices}
        SELECT * FROM sms ORDER BY service_name
        """;

    private static readonly string Usage = $"""
        /* tally:billing.organization_usage */
        {SmsOfLiveServices}
        SELECT service_id, service_name, free_sms_fragment_limit AS free_sms_limit, sms_remainder, sms_billable_units,
               chargeable_billable_sms, sms_cost, coalesce(emails_sent, 0)::bigint AS emails_sent, active, allowance_missing
        FROM sms
        LEFT JOIN (SELECT service_id, sum(notifications_sent) AS emails_sent
                   FROM billing.ft_billing_monthly JOIN scope USING (service_id)
                   WHERE notification_type = 'email' AND month >= @year_start AND month < @next_year
                   GROUP BY service_id) email USING (service_id)
        ORDER BY active DESC, lower(service_name), service_id
        """;

    private static readonly string SmsFacts = $"""
        /* tally:billing.organization_sms_facts */
        WITH {AllServices}, {AllowanceWindow.ByFact}
        SELECT service_id, local_date, chargeable_units, cost, charged_units
        FROM charges
        ORDER BY service_id, local_date, rate, template_id, provider, rate_multiplier, international
        """;

    private static readonly string SmsMonths = $"""
        /* tally:billing.organization_sms_months */
        WITH {LiveServices}, {AllowanceWindow.ByMonth}
        SELECT date_trunc('month', local_date::timestamp)::date AS month,
               sum(free_allowance_used)::bigint AS free_allowance_used, sum(charged_units)::bigint AS charged_units, sum(cost) AS cost
        FROM charges
        GROUP BY 1
        ORDER BY 1
        """;

    private const string Emails = """
        /* tally:billing.organization_emails */
        SELECT name AS service_name, service_id, sum(notifications_sent)::bigint AS emails_sent
        FROM billing.services JOIN billing.ft_billing ON service_id = services.id
        WHERE organization_id = @id AND NOT restricted AND notification_type = 'email' AND local_date BETWEEN @from AND @to
        GROUP BY service_id, name
        ORDER BY name
        """;

    /// <summary>Each live service's year, active ones first, then by name.</summary>
    public Task<IReadOnlyList<OrganizationServiceUsage>> FetchYearAsync(Guid organizationId, int year, CancellationToken cancellationToken) =>
        QueryAsync<OrganizationServiceUsage>(Usage, organizationId, BillingPeriod.OfYear(year), cancellationToken);

    /// <summary>Each live service's SMS of the year, by name.</summary>
    public Task<IReadOnlyList<OrganizationSmsBilling>> FetchSmsBillingAsync(Guid organizationId, int year, CancellationToken cancellationToken) =>
        QueryAsync<OrganizationSmsBilling>(Sms, organizationId, BillingPeriod.OfYear(year), cancellationToken);

    /// <summary>The SMS facts of the year of all services, trial mode included.</summary>
    public Task<IReadOnlyList<OrganizationFactUsage>> FetchSmsUsageAsync(Guid organizationId, int year, CancellationToken cancellationToken) =>
        QueryAsync<OrganizationFactUsage>(SmsFacts, organizationId, BillingPeriod.OfYear(year), cancellationToken);

    /// <summary>The SMS of the year's months, of all live services together; a month without any is not there.</summary>
    public Task<IReadOnlyList<OrganizationMonthUsage>> FetchSmsMonthsAsync(Guid organizationId, int year, CancellationToken cancellationToken) =>
        QueryAsync<OrganizationMonthUsage>(SmsMonths, organizationId, BillingPeriod.OfYear(year), cancellationToken);

    /// <summary>The emails of each live service that sent any, by name; of any range.</summary>
    public Task<IReadOnlyList<OrganizationEmailUsage>> FetchEmailsAsync(Guid organizationId, BillingRange range, CancellationToken cancellationToken) =>
        QueryAsync<OrganizationEmailUsage>(Emails, new { id = organizationId, from = range.From, to = range.To }, cancellationToken);

    private Task<IReadOnlyList<T>> QueryAsync<T>(string sql, Guid organizationId, BillingPeriod period, CancellationToken cancellationToken) =>
        QueryAsync<T>(sql, AllowanceWindow.Parameters(period, organizationId), cancellationToken);

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))];
    }
}
