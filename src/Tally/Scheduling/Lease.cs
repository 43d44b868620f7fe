namespace Tally.Scheduling;

/// <summary>
/// The right to work on one row until it expires. The row carries <c>lease_owner text</c>, <c>lease_until timestamptz</c>
/// and <c>fence bigint NOT NULL DEFAULT 0</c>; every taking raises the fence, so whoever held it before can no longer commit.
/// </summary>
/// <param name="Owner">Who holds it, for the operator's eye: machine, process and a random part.</param>
/// <param name="Fence">The number drawn when it was taken.</param>
/// <remarks>
/// A row and not an advisory lock: it outlives the connection, works behind a transaction pooler and shows in a table.
/// Expiry is the database's clock, the only one that all workers share.
/// </remarks>
internal sealed record Lease(string Owner, long Fence)
{
    /// <summary>A name that no other worker has, in this process or elsewhere.</summary>
    public static string NewOwner() => $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid().ToString("N")[..8]}";
}

/// <summary>Another worker has taken the lease over; what was about to be committed was not.</summary>
/// <param name="what">What the lease is of.</param>
internal sealed class LeaseLostException(string what) : Exception($"The lease of {what} was taken over by another worker.");

/// <summary>
/// The SQL of a <see cref="Lease"/>, to be composed into statements over the row that carries it.
/// Parameters: <c>@owner</c>, <c>@fence</c>, and <c>@lease_duration</c> as an interval.
/// </summary>
internal static class LeaseSql
{
    /// <summary>Condition: nobody holds the lease. Select the row <c>FOR UPDATE SKIP LOCKED</c> with it.</summary>
    public const string IsFree = "(lease_until IS NULL OR lease_until <= clock_timestamp())";

    /// <summary>Assignments that take the lease; return <c>fence</c>.</summary>
    public const string Take = "lease_owner = @owner, lease_until = clock_timestamp() + @lease_duration, fence = fence + 1";

    /// <summary>
    /// Condition: this holder still holds it. An expired lease that nobody has taken is still held: the row lock and the
    /// fence decide, not the time of day.
    /// </summary>
    public const string IsHeld = "(lease_owner = @owner AND fence = @fence)";

    /// <summary>Assignment that renews it, in the statement that commits a pass.</summary>
    public const string Renew = "lease_until = clock_timestamp() + @lease_duration";

    /// <summary>Assignments that give it back.</summary>
    public const string Release = "lease_owner = NULL, lease_until = NULL";
}
