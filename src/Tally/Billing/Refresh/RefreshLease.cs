using Microsoft.Extensions.Options;
using Npgsql;
using Tally.Database;
using Tally.Scheduling;

namespace Tally.Billing.Refresh;

/// <summary>The right to run the billing schedule.</summary>
internal sealed class RefreshLease(NpgsqlDataSource dataSource, IOptions<BillingOptions> options)
{
    private const string Take = $"""
        /* tally:billing.take_lease */
        UPDATE billing.refresh_lease SET {LeaseSql.Take}
        WHERE id = (SELECT id FROM billing.refresh_lease WHERE {LeaseSql.IsFree} FOR UPDATE SKIP LOCKED)
        RETURNING fence
        """;

    private const string Release = $"/* tally:billing.release_lease */ UPDATE billing.refresh_lease SET {LeaseSql.Release} WHERE {LeaseSql.IsHeld}";

    /// <summary>Takes the lease; null while someone else holds it.</summary>
    public async Task<Lease?> TakeAsync(CancellationToken cancellationToken)
    {
        var owner = Lease.NewOwner();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var fences = await connection.QueryWithinAsync<long>(options.Value.StatementTimeout, Take, new { owner, lease_duration = options.Value.LeaseDuration }, cancellationToken);
        return fences is [var fence] ? new Lease(owner, fence) : null;
    }

    /// <summary>Gives it back, if it is still held.</summary>
    public async Task ReleaseAsync(Lease lease, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteWithinAsync(options.Value.StatementTimeout, Release, new { owner = lease.Owner, fence = lease.Fence }, cancellationToken);
    }
}
