using System.Security.Cryptography;

namespace LocalServices;

/// <summary>The folder of one set of servers, held by one process at a time.</summary>
internal sealed class ServersDirectory : IDisposable
{
    private const string EphemeralPrefix = "ephemeral-";
    private readonly FileLock _lock;
    private readonly string _lockFile;
    private readonly bool _ephemeral;

    private ServersDirectory(string path, string lockFile, FileLock held, bool ephemeral)
    {
        (Path, _lockFile, _lock, _ephemeral) = (path, lockFile, held, ephemeral);
        // One that the caller made is the caller's to share.
        if (!Directory.Exists(path)) PrivateFolder.Create(path, othersPass: UnprivilegedUser.Needed() is not null);
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Remembers the keeper of the servers here.</summary>
    public string KeeperFile => System.IO.Path.Combine(Path, "keeper");

    /// <summary>What is to be removed at the end.</summary>
    public IEnumerable<string> Remains => _ephemeral ? [Path, PostgresHome.Elsewhere(Postgres), _lockFile] : [];

    /// <summary>PostgreSQL's part of it.</summary>
    public string Postgres => System.IO.Path.Combine(Path, "postgres");

    /// <summary>Azurite's part of it.</summary>
    public string Azurite => System.IO.Path.Combine(Path, "azurite");

    /// <summary>Takes the folder of <paramref name="options"/>, or one of its own below it when ephemeral.</summary>
    /// <exception cref="LocalServersException">Another process uses it and did not end in time.</exception>
    public static async Task<ServersDirectory> OpenAsync(LocalServersOptions options, CancellationToken cancellationToken)
    {
        var path = System.IO.Path.GetFullPath(options.DataDirectory);
        if (!Directory.Exists(path)) PrivateFolder.Create(path, othersPass: UnprivilegedUser.Needed() is not null);
        if (options.Ephemeral)
        {
            await RemoveAbandonedAsync(path, cancellationToken);
            return CreateEphemeral(path);
        }

        var lockFile = System.IO.Path.Combine(path, "lock");
        var held = await FileLock.AcquireAsync(lockFile, options.Patience, options.Announce,
            $"Waiting for another process that uses {path} ...", cancellationToken);
        var directory = new ServersDirectory(path, lockFile, held, ephemeral: false);
        await Orphan.WaitForKeeperAsync(ProcessIdentity.Load(directory.KeeperFile), cancellationToken);
        return directory;
    }

    public void Dispose()
    {
        // Of an ephemeral one the keeper has removed all, unless it never ran.
        if (_ephemeral && Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        _lock.Dispose();
        if (_ephemeral) File.Delete(_lockFile);
    }

    private static ServersDirectory CreateEphemeral(string parent)
    {
        while (true)
        {
            var path = System.IO.Path.Combine(parent, EphemeralPrefix + RandomNumberGenerator.GetHexString(8, lowercase: true));
            // Beside the folder, so that the folder can be removed while the lock is held. A new file can be taken for abandoned
            // in the moment before it is locked; then another name is tried.
            if (FileLock.TryAcquire(path + ".lock", FileMode.CreateNew) is { } held)
                return new ServersDirectory(path, path + ".lock", held, ephemeral: true);
        }
    }

    // What killed processes left behind.
    private static async Task RemoveAbandonedAsync(string parent, CancellationToken cancellationToken)
    {
        foreach (var lockFile in Directory.EnumerateFiles(parent, EphemeralPrefix + "*.lock"))
        {
            if (FileLock.TryAcquire(lockFile, FileMode.Open) is not { } held) continue;
            var path = lockFile[..^".lock".Length];
            using var abandoned = new ServersDirectory(path, lockFile, held, ephemeral: true);
            await Orphan.WaitForKeeperAsync(ProcessIdentity.Load(abandoned.KeeperFile), cancellationToken);
            foreach (var folder in new[] { abandoned.Postgres, PostgresHome.Elsewhere(abandoned.Postgres), abandoned.Azurite })
            {
                await Orphan.StopAsync(folder, cancellationToken);
                Remove(folder);
            }
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // It was never made, or its keeper is still at removing it.
        }
    }
}
