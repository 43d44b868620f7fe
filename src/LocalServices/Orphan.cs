using System.Diagnostics;

namespace LocalServices;

/// <summary>
/// A server whose keeper was killed. Each server's folder remembers its process, so that the next start there can end it first.
/// </summary>
internal static class Orphan
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan KeeperLimit = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private const int SIGINT = 2;

    /// <summary>Remembers the server's process.</summary>
    public static void Remember(string folder, int processId) => ProcessIdentity.Of(processId)?.Save(File(folder));

    /// <summary>Stops the process remembered in <paramref name="folder"/>, if it still is that process, and returns what it was.</summary>
    public static async Task<ProcessIdentity?> StopAsync(string folder, CancellationToken cancellationToken)
    {
        var server = ProcessIdentity.Load(File(folder));
        if (server is not { IsAlive: true }) return server;

        // PostgreSQL and Azurite both take SIGINT as an orderly stop.
        if (!OperatingSystem.IsWindows()) _ = NativeMethods.Kill(server.ProcessId, SIGINT);
        await WaitForEndAsync(server, OperatingSystem.IsWindows() ? TimeSpan.Zero : StopLimit, cancellationToken);
        return server;
    }

    /// <summary>Waits for a keeper that still stops the servers of a killed parent. It knows best how; only when it hangs is it killed.</summary>
    public static async Task WaitForKeeperAsync(ProcessIdentity? keeper, CancellationToken cancellationToken)
    {
        if (keeper is not null) await WaitForEndAsync(keeper, KeeperLimit, cancellationToken);
    }

    private static async Task WaitForEndAsync(ProcessIdentity process, TimeSpan limit, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (process.IsAlive)
        {
            if (waited.Elapsed > limit) Kill(process.ProcessId);
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static void Kill(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            process.Kill();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // It ended in this moment.
        }
    }

    private static string File(string folder) => Path.Combine(folder, "process");
}
