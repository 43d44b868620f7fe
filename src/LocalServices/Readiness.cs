using System.Diagnostics;

namespace LocalServices;

/// <summary>Waiting for a server that has been started.</summary>
internal static class Readiness
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// Asks <paramref name="probe"/> again and again until it gives something other than null. Null when the server ended instead.
    /// </summary>
    /// <exception cref="LocalServersException">The server neither answered nor ended within <paramref name="limit"/>.</exception>
    public static async Task<T?> WaitAsync<T>(KeptProcess server, TimeSpan limit, Func<CancellationToken, Task<T?>> probe, CancellationToken cancellationToken)
        where T : class
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            // A daemon's command ends well once the server runs.
            if (server.Ended.IsCompleted && !(server.Command.Daemon && server.Ended.Result.Code == 0)) return null;
            if (await probe(cancellationToken) is { } answer) return answer;
            if (waited.Elapsed > limit)
                throw new LocalServersException($"{server.Command.Name} did not answer within {limit.TotalSeconds:0} seconds. {LogTail.Quote(server.Command.Log)}");
            await Task.Delay(Pause, cancellationToken);
        }
    }
}
