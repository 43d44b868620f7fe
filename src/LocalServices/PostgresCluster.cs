using System.Security.Cryptography;

namespace LocalServices;

/// <summary>PostgreSQL's data directory: made once, and ready for a start after a crash.</summary>
internal static class PostgresCluster
{
    private const string MajorVersion = "18";
    private static readonly TimeSpan InitLimit = TimeSpan.FromMinutes(2);

    /// <summary>Makes the data directory unless it is there; returns the superuser's password.</summary>
    public static async Task<string> EnsureAsync(Keeper keeper, PostgresHome home, LocalServersOptions options, CancellationToken cancellationToken)
    {
        var passwordFile = Path.Combine(home.Folder, "password");
        if (Directory.Exists(home.Data))
        {
            var version = (await File.ReadAllTextAsync(Path.Combine(home.Data, "PG_VERSION"), cancellationToken)).Trim();
            if (version != MajorVersion)
                throw new LocalServersException($"{home.Data} was made by PostgreSQL {version}, and this is PostgreSQL {MajorVersion}. Move it away, or delete {home.Folder} to start with an empty database.");
            return File.Exists(passwordFile)
                ? await File.ReadAllTextAsync(passwordFile, cancellationToken)
                : throw new LocalServersException($"{passwordFile} is missing, and without it the database beside it cannot be opened. Restore the file, or delete {home.Folder} to start with an empty database.");
        }

        var password = RandomNumberGenerator.GetHexString(40, lowercase: true);
        PrivateFile.Write(passwordFile, password);
        await InitializeAsync(keeper, home, password, options, cancellationToken);
        return password;
    }

    /// <summary>
    /// Removes postmaster.pid when the process it names is gone. PostgreSQL does so itself, but refuses when another process of
    /// the same user has been given that id, as happens in containers.
    /// </summary>
    /// <param name="home">Where the data is.</param>
    /// <param name="last">The server that ran here last; it has ended.</param>
    public static void RemoveStalePidFile(PostgresHome home, ProcessIdentity? last)
    {
        var pidFile = Path.Combine(home.Data, "postmaster.pid");
        if (!File.Exists(pidFile)) return;
        var named = File.ReadLines(pidFile).FirstOrDefault();
        if (!int.TryParse(named, out var processId) || processId == last?.ProcessId || ProcessIdentity.Of(processId) is null)
            File.Delete(pidFile);
    }

    private static async Task InitializeAsync(Keeper keeper, PostgresHome home, string password, LocalServersOptions options, CancellationToken cancellationToken)
    {
        // It gets its name when it is complete.
        var unfinished = home.Data + ".new";
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished);
        var passwordFile = Path.Combine(home.Folder, "initdb.password");
        PrivateFile.Write(passwordFile, password);
        home.User?.Own(unfinished);
        home.User?.Own(passwordFile);

        try
        {
            // The built-in locale sorts alike on every platform.
            string[] arguments =
            [
                "-D", unfinished, "-U", options.Database, "--auth=scram-sha-256", "--pwfile=" + passwordFile, "--encoding=UTF8",
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
            ];
            if (options.Ephemeral) arguments = [.. arguments, "--no-sync"];
            var command = Command(home, "PostgreSQL's initdb", home.Initdb, arguments, "initdb.log");
            var initdb = await keeper.RunAsync(command with { Stop = [new StopStep(Signal: "SIGTERM")] }, cancellationToken);
            var end = await initdb.Ended.WaitAsync(InitLimit, cancellationToken);
            if (end.Code != 0) throw initdb.Failure();
        }
        catch (TimeoutException exception)
        {
            throw new LocalServersException($"PostgreSQL's initdb did not end within {InitLimit.TotalSeconds:0} seconds.", exception);
        }
        finally
        {
            File.Delete(passwordFile);
        }

        Directory.Move(unfinished, home.Data);
    }

    /// <summary>A command of PostgreSQL, run by the user that may.</summary>
    public static KeptCommand Command(PostgresHome home, string name, string program, IReadOnlyList<string> arguments, string log) =>
        new(name, program, arguments, home.Folder, Path.Combine(home.Folder, log))
        {
            // Messages in English: they are searched for and quoted.
            Env = new Dictionary<string, string> { ["LC_ALL"] = "C" },
            Uid = home.User?.UserId,
            Gid = home.User?.GroupId,
        };
}
