namespace LocalRuntime.Timers;

/// <summary>
/// Lets one of the processes that share a state directory run a timer, where Azure's host would take a lease on a blob.
/// The operating system frees the lock with the process, however it ends.
/// </summary>
internal static class TimerLock
{
    /// <summary>How often a process that does not have the lock asks for it.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    /// <summary>The lock, held until disposed; null when another process has it.</summary>
    public static IDisposable? TryTake(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (Directory.Exists(Path.GetDirectoryName(path)))
        {
            return null;
        }
    }
}
