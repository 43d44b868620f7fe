using Microsoft.Extensions.Logging;

namespace Tally.Database;

/// <summary>Waits for the end of an outage, so that no good message is tried to death, and says once what to mend.</summary>
/// <param name="logger">Told of an outage's beginning and end.</param>
/// <param name="clock">Tells how long it lasts.</param>
/// <param name="renew">Closes pooled connections: what was mended for a role or a database holds only for new ones.</param>
internal sealed class OutageRetry(ILogger<OutageRetry> logger, TimeProvider clock, Action? renew = null)
{
    /// <summary>
    /// How long a message is tried again within one invocation. ARCHITECTURE.md, Outages, has the sum that it is part of: with
    /// host.json's <c>maxDequeueCount</c> and <c>visibilityTimeout</c> it outlasts an outage, and with a last try it fits <c>functionTimeout</c>.
    /// </summary>
    public static readonly TimeSpan Budget = TimeSpan.FromSeconds(75);

    /// <summary>
    /// When the server cuts off a statement of a message. Less than the client's own limit of 30 seconds, so that a connection
    /// survives it; more than the role's only by this process's own will.
    /// </summary>
    public static readonly TimeSpan StatementTimeout = TimeSpan.FromSeconds(25);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    // When the outage at hand was first met, as a timestamp of the clock; 0 while all is well.
    private long _since;

    // How many outages have ended. Who began a try before an end met the outage that has ended.
    private int _ended;

    /// <summary>Does <paramref name="work"/>, which must be safe to repeat, again during an outage until <see cref="Budget"/> is used up.</summary>
    /// <exception cref="Exception">A fault of the work itself, at once; the outage's last one, when the budget is used up.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            var delay = DelayAfter(attempt);
            var ended = Volatile.Read(ref _ended);
            try
            {
                var result = await work(cancellationToken);
                if (Volatile.Read(ref _since) != 0) NoteEnd();
                return result;
            }
            catch (Exception fault) when (Outage.Is(fault))
            {
                if (!Outage.IsWeather(fault))
                {
                    NoteBegin(fault, ended);
                    renew?.Invoke();
                }

                if (clock.GetElapsedTime(began) + delay > Budget) throw;
                Telemetry.Retries.Add(1, new KeyValuePair<string, object?>("tally.fault", Outage.CodeOf(fault)));
            }

            await Task.Delay(delay, clock, cancellationToken);
        }
    }

    private void NoteBegin(Exception fault, int ended)
    {
        if (ended == Volatile.Read(ref _ended) && Interlocked.CompareExchange(ref _since, Math.Max(clock.GetTimestamp(), 1), 0) == 0)
            Log.OutageBegan(logger, Outage.CodeOf(fault), Outage.Advise(fault), fault);
    }

    private void NoteEnd()
    {
        var since = Interlocked.Exchange(ref _since, 0);
        if (since == 0) return;
        Interlocked.Increment(ref _ended);
        Log.OutageEnded(logger, (long)clock.GetElapsedTime(since).TotalSeconds);
    }

    // Doubling, and by chance between a half and all of it: those that failed together must not come back together.
    private static TimeSpan DelayAfter(int attempt)
    {
        var longest = TimeSpan.FromTicks(Math.Min(FirstDelay.Ticks << Math.Min(attempt, 16), LongestDelay.Ticks));
        return longest * (0.5 + (Random.Shared.NextDouble() / 2));
    }
}
