using Npgsql;

namespace Tally.Database;

/// <summary>Faults of the database that pass by themselves: an outage, a failover, a deadlock, a lack of connections.</summary>
public static class TransientFaults
{
    /// <summary>
    /// How long a message is tried again within one invocation. ARCHITECTURE.md, Outages, has the sum that it is part of: with
    /// host.json's <c>maxDequeueCount</c> and <c>visibilityTimeout</c> it outlasts an outage, and with a last try it fits <c>functionTimeout</c>.
    /// </summary>
    public static readonly TimeSpan Budget = TimeSpan.FromSeconds(75);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    /// <summary>Does <paramref name="work"/>, which must be safe to repeat, again after transient faults until <see cref="Budget"/> is used up.</summary>
    /// <exception cref="NpgsqlException">The last fault, when the budget is used up.</exception>
    public static Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        RetryAsync(work, TimeProvider.System, cancellationToken);

    internal static async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> work, TimeProvider clock, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            var delay = DelayAfter(attempt);
            try
            {
                return await work(cancellationToken);
            }
            catch (NpgsqlException fault) when (IsTransient(fault) && clock.GetElapsedTime(began) + delay <= Budget)
            {
                Telemetry.Retries.Add(1);
                await Task.Delay(delay, clock, cancellationToken);
            }
        }
    }

    /// <summary>Whether trying again may help.</summary>
    internal static bool IsTransient(NpgsqlException fault) =>
        fault.IsTransient || fault is PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown };

    // Doubling, and by chance between a half and all of it: those that failed together must not come back together.
    private static TimeSpan DelayAfter(int attempt)
    {
        var longest = TimeSpan.FromTicks(Math.Min(FirstDelay.Ticks << Math.Min(attempt, 16), LongestDelay.Ticks));
        return longest * (0.5 + (Random.Shared.NextDouble() / 2));
    }
}
