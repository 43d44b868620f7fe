using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using LocalServices;
using Npgsql;

namespace Tally.Campaign.Servers;

/// <summary>PgBouncer in transaction mode, between the hosts and the network to the database. Debian's package of the same name has it.</summary>
internal sealed class PgBouncer : IAsyncDisposable
{
    private static readonly string? Program = new[] { "/usr/sbin/pgbouncer", "/usr/local/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer" }.FirstOrDefault(File.Exists);

    private readonly Process _process;

    private PgBouncer(Process process, string connectionString) => (_process, ConnectionString) = (process, connectionString);

    /// <summary>The database by way of it. What it cannot keep, statements that a session has prepared, is not asked of it.</summary>
    public string ConnectionString { get; }

    /// <param name="database">Where its connections go.</param>
    /// <param name="folder">Of its settings and its log.</param>
    /// <exception cref="LocalServersException">It is not installed.</exception>
    public static PgBouncer Start(string database, string folder)
    {
        if (Program is null) throw new LocalServersException("--pgbouncer needs PgBouncer, and it is not installed. On Debian and Ubuntu: 'apt install pgbouncer'.");
        var target = new NpgsqlConnectionStringBuilder(database);
        var port = FreePort();
        var (settings, users) = (Path.Combine(folder, "pgbouncer.ini"), Path.Combine(folder, "pgbouncer.users"));
        WritePrivately(users, $"\"{target.Username}\" \"{target.Password}\"\n");
        File.WriteAllText(settings, $"""
            [databases]
            {target.Database} = host=127.0.0.1 port={target.Port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = {users}
            pool_mode = transaction
            max_client_conn = 500
            default_pool_size = 40
            logfile = {Path.Combine(folder, "pgbouncer.log")}
            """);
        string[] arguments = ["-q", settings];
        // It does not run as root, and gives that up by itself.
        if (Environment.UserName == "root")
        {
            arguments = ["-q", "-u", "nobody", settings];
            foreach (var file in new[] { settings, users }) Process.Start("chown", ["nobody", file]).WaitForExit();
            File.WriteAllText(Path.Combine(folder, "pgbouncer.log"), "");
            Process.Start("chown", ["nobody", Path.Combine(folder, "pgbouncer.log")]).WaitForExit();
        }

        var own = new NpgsqlConnectionStringBuilder(database) { Port = port, MaxAutoPrepare = 0 };
        return new PgBouncer(Process.Start(new ProcessStartInfo(Program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!, own.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static void WritePrivately(string path, string text)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new StreamWriter(path, options);
        file.Write(text);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
