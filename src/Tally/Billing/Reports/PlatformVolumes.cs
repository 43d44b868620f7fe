using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Billing.Reports;

/// <summary>A day of the whole platform.</summary>
internal sealed record DailyVolumes
{
    /// <summary>YYYY-MM-DD.</summary>
    public required string LocalDate { get; init; }
    public required long SmsTotals { get; init; }
    public required long SmsFragmentTotals { get; init; }

    /// <summary>Fragments times multiplier.</summary>
    public required long SmsChargeableUnits { get; init; }
    public required long EmailTotals { get; init; }
}

/// <summary>A day's SMS of one provider.</summary>
internal sealed record ProviderVolumes
{
    public required LocalDate LocalDate { get; init; }
    public required string Provider { get; init; }
    public required long SmsTotals { get; init; }
    public required long SmsFragmentTotals { get; init; }
    public required long SmsChargeableUnits { get; init; }

    /// <summary>What the services are charged for them, after their free allowances.</summary>
    public required decimal SmsCost { get; init; }
}

/// <summary>A live service's messages of a period.</summary>
internal sealed record ServiceVolumes
{
    public required string ServiceName { get; init; }
    public required Guid ServiceId { get; init; }
    public required Guid? OrganizationId { get; init; }
    public required string? OrganizationName { get; init; }

    /// <summary>The latest allowance up to the range's last year.</summary>
    public required long FreeAllowance { get; init; }
    public required long SmsNotifications { get; init; }
    public required long SmsChargeableUnits { get; init; }
    public required long EmailTotals { get; init; }
    public required bool AllowanceMissing { get; init; }
}

/// <summary>A provider's SMS since a day.</summary>
internal sealed record ProviderUsage
{
    public required string Provider { get; init; }

    /// <summary>Fragments times multiplier.</summary>
    public required long ChargeableUnits { get; init; }
}

/// <summary>What the whole platform sent. Days and services of every kind count, unless a method says otherwise.</summary>
internal sealed class PlatformVolumes(NpgsqlDataSource dataSource)
{
    private const string Daily = """
        /* tally:billing.daily_volumes */
        SELECT to_char(local_date, 'YYYY-MM-DD') AS local_date,
               coalesce(sum(notifications_sent) FILTER (WHERE notification_type = 'sms'), 0)::bigint AS sms_totals,
               coalesce(sum(billable_units) FILTER (WHERE notification_type = 'sms'), 0)::bigint AS sms_fragment_totals,
               coalesce(sum(billable_units * rate_multiplier) FILTER (WHERE notification_type = 'sms'), 0)::bigint AS sms_chargeable_units,
               coalesce(sum(notifications_sent) FILTER (WHERE notification_type = 'email'), 0)::bigint AS email_totals
        FROM billing.ft_billing facts
        WHERE facts.local_date BETWEEN @from AND @to
        GROUP BY facts.local_date
        ORDER BY facts.local_date
        """;

    private static readonly string Providers = $"""
        /* tally:billing.provider_volumes */
        WITH {AllowanceWindow.Scope("SELECT DISTINCT service_id FROM billing.ft_billing_monthly WHERE month >= @first_month AND month <= @to")},
        {AllowanceWindow.ByFact}
        SELECT local_date, provider,
               sum(notifications_sent)::bigint AS sms_totals,
               sum(billable_units)::bigint AS sms_fragment_totals,
               sum(chargeable_units)::bigint AS sms_chargeable_units,
               sum(cost) AS sms_cost
        FROM charges
        WHERE local_date >= @from
        GROUP BY local_date, provider
        ORDER BY local_date, provider
        """;

    private const string ByService = """
        /* tally:billing.volumes_by_service */
        SELECT services.name AS service_name, services.id AS service_id, organization.id AS organization_id, organization.name AS organization_name,
               coalesce(allowance.free_sms_fragment_limit, 0)::bigint AS free_allowance,
               coalesce(sms_notifications, 0)::bigint AS sms_notifications,
               coalesce(sms_chargeable_units, 0)::bigint AS sms_chargeable_units,
               coalesce(email_totals, 0)::bigint AS email_totals,
               allowance.free_sms_fragment_limit IS NULL AS allowance_missing
        FROM billing.services
        LEFT JOIN billing.organization ON organization.id = services.organization_id
        LEFT JOIN LATERAL (
            SELECT free_sms_fragment_limit FROM billing.annual_billing
            WHERE service_id = services.id AND financial_year_start <= @year
            ORDER BY financial_year_start DESC LIMIT 1) allowance ON true
        LEFT JOIN (
            SELECT service_id,
                   sum(notifications_sent) FILTER (WHERE notification_type = 'sms') AS sms_notifications,
                   sum(billable_units * rate_multiplier) FILTER (WHERE notification_type = 'sms') AS sms_chargeable_units,
                   sum(notifications_sent) FILTER (WHERE notification_type = 'email') AS email_totals
            FROM billing.ft_billing
            WHERE local_date BETWEEN @from AND @to
            GROUP BY service_id) volume ON volume.service_id = services.id
        WHERE NOT services.restricted AND services.count_as_live AND services.active
        ORDER BY organization.name NULLS LAST, services.name, services.id
        """;

    private const string Usage = """
        /* tally:billing.provider_usage */
        SELECT provider, coalesce(sum(billable_units * rate_multiplier), 0)::bigint AS chargeable_units
        FROM unnest(@providers) provider
        LEFT JOIN (SELECT * FROM billing.ft_billing WHERE notification_type = 'sms' AND local_date >= @since) facts USING (provider)
        GROUP BY provider
        ORDER BY provider
        """;

    /// <summary>Each day on which anything was sent, of any range.</summary>
    public Task<IReadOnlyList<DailyVolumes>> FetchDailyAsync(BillingRange range, CancellationToken cancellationToken) =>
        QueryAsync<DailyVolumes>(Daily, new { from = range.From, to = range.To }, cancellationToken);

    /// <summary>Each day's SMS per provider, of one year: what they cost is net of the free allowances.</summary>
    public Task<IReadOnlyList<ProviderVolumes>> FetchProvidersAsync(BillingPeriod period, CancellationToken cancellationToken) =>
        QueryAsync<ProviderVolumes>(Providers, AllowanceWindow.Parameters(period), cancellationToken);

    /// <summary>Each service that is active, not in trial mode and counted as live, whether it sent anything or not; of any range.</summary>
    public Task<IReadOnlyList<ServiceVolumes>> FetchByServiceAsync(BillingRange range, CancellationToken cancellationToken) =>
        QueryAsync<ServiceVolumes>(ByService, new { from = range.From, to = range.To, year = range.To.Year }, cancellationToken);

    /// <summary>The SMS of each of these providers since a day, without an end.</summary>
    public Task<IReadOnlyList<ProviderUsage>> FetchProviderUsageAsync(LocalDate since, IReadOnlyCollection<string> providers, CancellationToken cancellationToken) =>
        QueryAsync<ProviderUsage>(Usage, new { since, providers = providers.ToArray() }, cancellationToken);

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))];
    }
}
