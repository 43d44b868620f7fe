using Dapper;
using Npgsql;

namespace Tally.Billing;

/// <summary>Tells a mistyped id from one that has nothing to show.</summary>
public sealed class ServiceDirectory(NpgsqlDataSource dataSource)
{
    private const string Service = "/* tally:billing.find_service */ SELECT EXISTS (SELECT FROM billing.services WHERE id = @id)";
    private const string Organization = "/* tally:billing.find_organization */ SELECT EXISTS (SELECT FROM billing.organization WHERE id = @id)";

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
