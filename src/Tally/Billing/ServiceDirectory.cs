using Dapper;
using Npgsql;

namespace Tally.Billing;

/// <summary>A service and whose it is.</summary>
internal sealed record ListedService
{
    public required Guid ServiceId { get; init; }
    public required string ServiceName { get; init; }
    public required Guid? OrganizationId { get; init; }
    public required string? OrganizationName { get; init; }
}

/// <summary>Tells a mistyped id from one that has nothing to show.</summary>
internal sealed class ServiceDirectory(NpgsqlDataSource dataSource)
{
    private const string Service = "/* tally:billing.find_service */ SELECT EXISTS (SELECT FROM billing.services WHERE id = @id)";
    private const string Organization = "/* tally:billing.find_organization */ SELECT EXISTS (SELECT FROM billing.organization WHERE id = @id)";

    private const string List = """
        /* tally:billing.list_services */
        SELECT services.id AS service_id, services.name AS service_name, organization.id AS organization_id, organization.name AS organization_name
        FROM billing.services LEFT JOIN billing.organization ON organization.id = organization_id
        ORDER BY lower(organization.name) NULLS LAST, lower(services.name), services.id
        LIMIT @limit
        """;

    /// <summary>Services of every kind, by organization, those without one last, then by name.</summary>
    public async Task<IReadOnlyList<ListedService>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<ListedService>(new CommandDefinition(List, new { limit }, cancellationToken: cancellationToken))];
    }

    /// <exception cref="BillingException">There is no such service.</exception>
    public Task RequireServiceAsync(Guid id, CancellationToken cancellationToken) => RequireAsync(Service, "service", id, cancellationToken);

    /// <exception cref="BillingException">There is no such organization.</exception>
    public Task RequireOrganizationAsync(Guid id, CancellationToken cancellationToken) => RequireAsync(Organization, "organization", id, cancellationToken);

    private async Task RequireAsync(string sql, string kind, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(sql, new { id }, cancellationToken: cancellationToken)))
            throw new BillingException($"There is no {kind} {id}.");
    }
}
