namespace Tally.Scheduling;

/// <summary>Work under a <see cref="Lease"/>, which is given back however the work ends, so that nobody waits for it to run out.</summary>
internal static class LeasedWork
{
    // The host leaves two seconds to whom it cancels.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Does the work, which gives the lease back itself when it ends well; gives it back when it fails or is cancelled.</summary>
    /// <param name="work">Throws <see cref="LeaseLostException"/> when somebody else has taken the lease.</param>
    /// <param name="release">Gives the lease back, if it is still held.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <returns>How it ended: <see cref="RunOutcome.LeaseHeldElsewhere"/> when the lease was lost.</returns>
    public static async Task<RunOutcome> RunAsync(Func<CancellationToken, Task<RunOutcome>> work, Func<CancellationToken, Task> release, CancellationToken cancellationToken)
    {
        try
        {
            return await work(cancellationToken);
        }
        catch (LeaseLostException)
        {
            return RunOutcome.LeaseHeldElsewhere;
        }
        catch
        {
            await GiveBackAsync(release);
            throw;
        }
    }

    /// <summary>Gives a lease back, if that takes no longer than the host leaves to whom it cancels.</summary>
    public static async Task GiveBackAsync(Func<CancellationToken, Task> release)
    {
        using var grace = new CancellationTokenSource(Grace);
        try
        {
            await release(grace.Token);
        }
#pragma warning disable CA1031 // A lease that cannot be given back runs out by itself; the work's own fault is the one to throw.
        catch
#pragma warning restore CA1031
        {
        }
    }
}
