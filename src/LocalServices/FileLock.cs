using System.Diagnostics;

namespace LocalServices;

/// <summary>A lock between processes: held while the file is open, so it ends with its process, however that ends.</summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly FileStream _stream;

    private FileLock(FileStream stream) => _stream = stream;

    /// <summary>The lock, or null when another process holds it.</summary>
    public static FileLock? TryAcquire(string path, FileMode mode = FileMode.OpenOrCreate)
    {
        try
        {
            return new FileLock(new FileStream(path, mode, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Waits for the lock; says <paramref name="waiting"/> once when it is taken.</summary>
    /// <exception cref="LocalServersException">Another process held it for all of <paramref name="patience"/>.</exception>
    public static async Task<FileLock> AcquireAsync(string path, TimeSpan patience, Action<string>? announce, string waiting, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        var told = false;
        while (true)
        {
            if (TryAcquire(path) is { } acquired) return acquired;
            if (waited.Elapsed >= patience)
                throw new LocalServersException($"Another process still holds {path} after {patience.TotalSeconds:0} seconds. Stop it, or wait for its end, and try again.");
            if (!told) announce?.Invoke(waiting);
            told = true;
            await Task.Delay(Pause, cancellationToken);
        }
    }

    public void Dispose() => _stream.Dispose();
}
