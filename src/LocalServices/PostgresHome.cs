using System.Security.Cryptography;
using System.Text;

namespace LocalServices;

/// <summary>Where PostgreSQL's programs and data are, and who runs it.</summary>
/// <param name="Binaries">Folder of initdb, pg_ctl and postgres.</param>
/// <param name="Folder">Folder of its data, password and log.</param>
/// <param name="User">Who runs it; null for the user of this process.</param>
internal sealed record PostgresHome(string Binaries, string Folder, UnprivilegedUser? User)
{
    // Root's, and not world-writable: nobody else can put a folder in its place.
    private const string SystemState = "/var/lib/local-services";

    private string Program(string name) => Path.Combine(Binaries, OperatingSystem.IsWindows() ? name + ".exe" : name);

    /// <summary>Creates a new data directory.</summary>
    public string Initdb => Program("initdb");

    /// <summary>Starts and stops a server; used on Windows.</summary>
    public string PgCtl => Program("pg_ctl");

    /// <summary>The server.</summary>
    public string Postgres => Program("postgres");

    /// <summary>The data directory.</summary>
    public string Data => Path.Combine(Folder, "data");

    /// <summary>
    /// The home in <paramref name="wanted"/>; for root, when the unprivileged user cannot enter it (a checkout under /root),
    /// a folder below /var/lib, with a copy of the programs if need be.
    /// </summary>
    public static PostgresHome Prepare(NpmPackages packages, string wanted, Action<string>? announce)
    {
        var native = packages.FindPostgres();
        var user = UnprivilegedUser.Needed();
        var here = new PostgresHome(Path.Combine(native, "bin"), wanted, user);
        if (user is null)
        {
            PrivateFolder.Create(wanted);
            return here;
        }

        try
        {
            CreateEnterable(wanted);
            if (!UnprivilegedUser.MayReach(here.Postgres))
                here = here with { Binaries = Path.Combine(CopyPrograms(native, packages.Key), "bin") };
            if (!UnprivilegedUser.MayReach(wanted))
            {
                here = here with { Folder = Elsewhere(wanted) };
                CreateEnterable(SystemState);
                CreateEnterable(here.Folder);
                announce?.Invoke($"PostgreSQL runs as '{user.Name}', who cannot enter {wanted}: its files are in {here.Folder}.");
            }

            return here;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalServersException($"PostgreSQL does not run as root, and the user '{user.Name}' can enter neither {wanted} nor a folder in {SystemState} ({exception.Message}). Run this as an ordinary user.", exception);
        }
    }

    /// <summary>Where <see cref="Prepare"/> goes when <paramref name="wanted"/> will not do. The same folder every time.</summary>
    public static string Elsewhere(string wanted) =>
        Path.Combine(SystemState, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(wanted))))[..16]);

    private static void CreateEnterable(string folder)
    {
        if (!Directory.Exists(folder)) PrivateFolder.Create(folder, othersPass: true);
    }

    private static string CopyPrograms(string native, string key)
    {
        var copy = Path.Combine(SystemState, "postgres-" + key);
        if (Directory.Exists(copy)) return copy;
        CreateEnterable(SystemState);
        // It gets its name when it is complete; a second process may be doing the same.
        var unfinished = $"{copy}.{Guid.NewGuid():N}";
        Copy(new DirectoryInfo(native), unfinished);
        try
        {
            Directory.Move(unfinished, copy);
        }
        catch (IOException) when (Directory.Exists(copy))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        return copy;
    }

    private static void Copy(DirectoryInfo from, string to)
    {
        if (OperatingSystem.IsWindows()) throw new PlatformNotSupportedException();
        CreateEnterable(to);
        foreach (var entry in from.EnumerateFileSystemInfos())
        {
            var target = Path.Combine(to, entry.Name);
            if (entry.LinkTarget is { } link)
            {
                File.CreateSymbolicLink(target, link);
            }
            else if (entry is DirectoryInfo folder)
            {
                Copy(folder, target);
            }
            else
            {
                File.Copy(entry.FullName, target);
                var mode = entry.UnixFileMode | UnixFileMode.OtherRead;
                File.SetUnixFileMode(target, mode.HasFlag(UnixFileMode.UserExecute) ? mode | UnixFileMode.OtherExecute : mode);
            }
        }

        File.SetUnixFileMode(to, File.GetUnixFileMode(to) | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }
}
