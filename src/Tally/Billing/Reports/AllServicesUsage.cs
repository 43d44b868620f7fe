using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Billing.Reports;

/// <summary>How much of a service's allowance is left.</summary>
internal sealed record AllowanceRemainder
{
    public required Guid ServiceId { get; init; }
    public required long FreeSmsFragmentLimit { get; init; }

    /// <summary>Used so far in the year, in chargeable units.</summary>
    public required long BillableUnits { get; init; }
    public required long SmsRemainder { get; init; }
    public required bool AllowanceMissing { get; init; }
}

/// <summary>A service's SMS of a period.</summary>
internal sealed record AllServicesSmsBilling
{
    public required string? OrganizationName { get; init; }
    public required Guid? OrganizationId { get; init; }
    public required string ServiceName { get; init; }
    public required Guid ServiceId { get; init; }
    public required long FreeSmsFragmentLimit { get; init; }

    /// <summary>The rate of the period's last SMS. The cost is the sum over all rates.</summary>
    public required decimal SmsRate { get; init; }

    /// <summary>The allowance left at the end of the period.</summary>
    public required long SmsRemainder { get; init; }
    public required long SmsBillableUnits { get; init; }
    public required long ChargeableBillableSms { get; init; }
    public required decimal SmsCost { get; init; }
    public required bool AllowanceMissing { get; init; }
}

/// <summary>A service's line of the billing report, with whom to bill. Absent texts are empty.</summary>
internal sealed record BillingReportRow
{
    public required string OrganizationId { get; init; }
    public required string OrganizationName { get; init; }
    public required Guid ServiceId { get; init; }
    public required string ServiceName { get; init; }
    public required decimal SmsCost { get; init; }

    /// <summary>The charged units.</summary>
    public required long SmsChargeableUnits { get; init; }
    public required string? PurchaseOrderNumber { get; init; }
    public required string? ContactNames { get; init; }
    public required string? ContactEmailAddresses { get; init; }
    public required string? BillingReference { get; init; }
}

/// <summary>SMS of all services, those in trial mode, archived or not counted as live included.</summary>
internal sealed class AllServicesUsage(NpgsqlDataSource dataSource)
{
    private static readonly string Scope = AllowanceWindow.Scope("SELECT id AS service_id FROM billing.services");

    private static readonly string Remainder = $"""
        /* tally:billing.allowance_remainder */
        WITH {Scope}, {AllowanceWindow.ByMonth}
        SELECT service_id, scope.free_sms_fragment_limit, coalesce(sum(chargeable_units), 0)::bigint AS billable_units,
               greatest(scope.free_sms_fragment_limit - coalesce(sum(chargeable_units), 0), 0)::bigint AS sms_remainder, scope.allowance_missing
        FROM scope LEFT JOIN (SELECT service_id, chargeable_units FROM used WHERE local_date < @until) before_then USING (service_id)
        GROUP BY service_id, scope.free_sms_fragment_limit, scope.allowance_missing
        HAVING NOT scope.allowance_missing OR count(chargeable_units) > 0
        ORDER BY service_id
        """;

    private static readonly string Billing = $"""
        WITH {Scope}, {AllowanceWindow.ByMonth},
        billing AS (
            SELECT organization.name AS organization_name, organization.id AS organization_id, services.name AS service_name, service_id,
                   max(free_sms_fragment_limit) AS free_sms_fragment_limit,
                   (array_agg(rate ORDER BY local_date DESC, rate DESC))[1] AS sms_rate,
                   min(unused_after) AS sms_remainder,
                   sum(chargeable_units)::bigint AS sms_billable_units,
                   sum(charged_units)::bigint AS chargeable_billable_sms,
                   sum(cost) AS sms_cost,
                   bool_or(allowance_missing) AS allowance_missing
            FROM charges JOIN billing.services ON services.id = service_id LEFT JOIN billing.organization ON organization.id = organization_id
            WHERE local_date BETWEEN @from AND @to
            GROUP BY organization.id, services.id, service_id
        )
        """;

    private static readonly string SmsBilling = $"""
        /* tally:billing.all_services */
        {Billing}
        SELECT * FROM billing ORDER BY organization_name NULLS LAST, service_name, service_id
        """;

    private static readonly string Report = $"""
        /* tally:billing.data_for_report */
        {Billing}
        SELECT coalesce(billing.organization_id::text, '') AS organization_id, coalesce(organization_name, '') AS organization_name,
               service_id, service_name, sms_cost, chargeable_billable_sms AS sms_chargeable_units,
               purchase_order_number, billing_contact_names AS contact_names,
               billing_contact_email_addresses AS contact_email_addresses, billing_reference
        FROM billing JOIN ({BillingDetails.Rows}) details USING (service_id)
        WHERE sms_cost > 0
        ORDER BY billing.organization_name NULLS LAST, service_name, service_id
        """;

    /// <summary>
    /// What is left of each service's allowance of <paramref name="until"/>'s year before that day. A service without an
    /// allowance appears once it has used SMS.
    /// </summary>
    public async Task<IReadOnlyList<AllowanceRemainder>> FetchAllowanceRemainderAsync(LocalDate until, CancellationToken cancellationToken)
    {
        var start = new LocalDate(until.Year, 1, 1);
        var period = BillingPeriod.Of(start, until == start ? start : until.PlusDays(-1));
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<AllowanceRemainder>(new CommandDefinition(
            Remainder, AllowanceWindow.Parameters(period, until: until), cancellationToken: cancellationToken))];
    }

    /// <summary>Each service that sent SMS in the period, by organization, those without one last, then by name.</summary>
    public Task<IReadOnlyList<AllServicesSmsBilling>> FetchSmsBillingAsync(BillingPeriod period, CancellationToken cancellationToken) =>
        QueryAsync<AllServicesSmsBilling>(SmsBilling, period, cancellationToken);

    /// <summary>Each service with something to pay in the period, and whom to bill.</summary>
    public Task<IReadOnlyList<BillingReportRow>> FetchReportAsync(BillingPeriod period, CancellationToken cancellationToken) =>
        QueryAsync<BillingReportRow>(Report, period, cancellationToken);

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, BillingPeriod period, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<T>(new CommandDefinition(sql, AllowanceWindow.Parameters(period), cancellationToken: cancellationToken))];
    }
}
