using Dapper;
using Npgsql;

namespace Tally.Billing.Reports;

/// <summary>Whom to bill for a service: its own entries, else its organization's. An empty text is an entry.</summary>
internal sealed record ServiceBillingDetails
{
    public required Guid ServiceId { get; init; }
    public required string? PurchaseOrderNumber { get; init; }
    public required string? BillingContactNames { get; init; }
    public required string? BillingContactEmailAddresses { get; init; }
    public required string? BillingReference { get; init; }
}

/// <summary>Reads whom to bill.</summary>
internal sealed class BillingDetails(NpgsqlDataSource dataSource)
{
    internal const string Rows = """
        SELECT services.id AS service_id,
               coalesce(services.purchase_order_number, organization.purchase_order_number) AS purchase_order_number,
               coalesce(services.billing_contact_names, organization.billing_contact_names) AS billing_contact_names,
               coalesce(services.billing_contact_email_addresses, organization.billing_contact_email_addresses) AS billing_contact_email_addresses,
               coalesce(services.billing_reference, organization.billing_reference) AS billing_reference
        FROM billing.services LEFT JOIN billing.organization ON organization.id = organization_id
        """;

    /// <summary>Every service, trial and archived ones included.</summary>
    public async Task<IReadOnlyList<ServiceBillingDetails>> FetchAllAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<ServiceBillingDetails>(new CommandDefinition(
            $"/* tally:billing.details */ {Rows} ORDER BY services.id", cancellationToken: cancellationToken))];
    }
}
