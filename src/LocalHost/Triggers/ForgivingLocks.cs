using Azure;
using Microsoft.Azure.WebJobs.Host;

namespace LocalHost.Triggers;

#pragma warning disable CS0618 // "Not ready for public consumption": there is no other way to a timer's lock.

/// <summary>The SDK's locks; one that cannot be given back, since the storage is gone, ends by itself.</summary>
/// <remarks>An error here would leave the listener of the lock running, beside that of the next job host.</remarks>
internal sealed class ForgivingLocks(IDistributedLockManager inner) : IDistributedLockManager
{
    public Task<string> GetLockOwnerAsync(string account, string lockId, CancellationToken cancellationToken) => inner.GetLockOwnerAsync(account, lockId, cancellationToken);

    public Task<IDistributedLock> TryLockAsync(string account, string lockId, string lockOwnerId, string proposedLeaseId, TimeSpan lockPeriod, CancellationToken cancellationToken) =>
        inner.TryLockAsync(account, lockId, lockOwnerId, proposedLeaseId, lockPeriod, cancellationToken);

    public Task<bool> RenewAsync(IDistributedLock lockHandle, CancellationToken cancellationToken) => inner.RenewAsync(lockHandle, cancellationToken);

    public async Task ReleaseLockAsync(IDistributedLock lockHandle, CancellationToken cancellationToken)
    {
        try
        {
            await inner.ReleaseLockAsync(lockHandle, cancellationToken);
        }
        catch (Exception exception) when (exception is RequestFailedException or AggregateException { InnerException: RequestFailedException })
        {
            // Not renewed, it is free after its period.
        }
    }
}
