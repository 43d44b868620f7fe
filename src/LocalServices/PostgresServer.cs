using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace LocalServices;

/// <summary>PostgreSQL on a free loopback port, with password authentication and no other way in.</summary>
internal static class PostgresServer
{
    // A crash may leave a lot to recover.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private const int PortAttempts = 5;

    /// <summary>Starts it and returns the connection string of its database.</summary>
    public static Task<string> StartAsync(Keeper keeper, PostgresHome home, LocalServersOptions options, CancellationToken cancellationToken) =>
        StartAsync(keeper, home, options, FreePort, cancellationToken);

    /// <summary>The same with ports from <paramref name="nextPort"/>, which may turn out to be taken.</summary>
    public static async Task<string> StartAsync(Keeper keeper, PostgresHome home, LocalServersOptions options, Func<int> nextPort, CancellationToken cancellationToken)
    {
        var last = await Orphan.StopAsync(home.Folder, cancellationToken);
        var password = await PostgresCluster.EnsureAsync(keeper, home, options, cancellationToken);
        PostgresCluster.RemoveStalePidFile(home, last);

        for (var attempt = 1; ; attempt++)
        {
            var connection = new NpgsqlConnectionStringBuilder
            {
                Host = "127.0.0.1",
                Port = nextPort(),
                Username = options.Database,
                Password = password,
                Database = options.Database,
            };
            var server = await keeper.RunAsync(ServerCommand(home, connection.Port, options), cancellationToken);
            if (!server.Command.Daemon) Orphan.Remember(home.Folder, server.Started.Result);

            if (await Readiness.WaitAsync(server, StartLimit, cancel => ProbeAsync(connection, cancel), cancellationToken) is not null)
            {
                if (server.Command.Daemon) Orphan.Remember(home.Folder, ReadPostmasterId(home));
                return connection.ConnectionString;
            }

            // Somebody took the port between finding it free and using it.
            if (attempt == PortAttempts || !LogTail.ReadAll(server.Command.Log).Contains("could not bind", StringComparison.Ordinal))
                throw server.Failure();
        }
    }

    private static KeptCommand ServerCommand(PostgresHome home, int port, LocalServersOptions options)
    {
        string[] settings =
        [
            "listen_addresses=127.0.0.1", "unix_socket_directories=", "timezone=UTC",
            .. options.PostgresSettings.Select(setting => $"{setting.Key}={setting.Value}"),
        ];
        var arguments = new[] { "-p", port.ToString(CultureInfo.InvariantCulture) }.Concat(settings.SelectMany(setting => new[] { "-c", setting }));

        // On Windows, where PostgreSQL refuses administrators and knows no signals, pg_ctl gives up the rights and does the stopping.
        if (OperatingSystem.IsWindows())
        {
            string[] start = ["start", "-w", "-D", home.Data, "-o", string.Join(' ', arguments.Select(argument => $"\"{argument}\""))];
            var daemon = PostgresCluster.Command(home, "PostgreSQL", home.PgCtl, start, "postgres.log");
            return daemon with { Daemon = true, Stop = [PgCtlStop(home, "fast"), PgCtlStop(home, "immediate")] };
        }

        // SIGINT ends sessions and shuts down in order; SIGQUIT leaves the rest to recovery, or to the removal of ephemeral data.
        StopStep[] stop = [new StopStep(Signal: "SIGINT"), new StopStep(Signal: "SIGQUIT")];
        var server = PostgresCluster.Command(home, "PostgreSQL", home.Postgres, ["-D", home.Data, .. arguments], "postgres.log");
        return server with { Stop = options.Ephemeral ? stop[1..] : stop };
    }

    private static StopStep PgCtlStop(PostgresHome home, string mode) =>
        new(Command: home.PgCtl, Args: ["stop", "-w", "-t", "7", "-D", home.Data, "-m", mode]);

    // Something when it answered and the database is there.
    private static async Task<string?> ProbeAsync(NpgsqlConnectionStringBuilder target, CancellationToken cancellationToken)
    {
        var maintenance = new NpgsqlConnectionStringBuilder(target.ConnectionString) { Database = "postgres", Pooling = false, Timeout = 5 };
        try
        {
            await using var connection = new NpgsqlConnection(maintenance.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            await using var find = new NpgsqlCommand("SELECT datname FROM pg_database WHERE datname = @name", connection) { Parameters = { new("name", target.Database) } };
            if (await find.ExecuteScalarAsync(cancellationToken) is null)
            {
                // The name has been validated: lower-case letters and underscores.
                await using var create = new NpgsqlCommand($"CREATE DATABASE {target.Database}", connection);
                await create.ExecuteNonQueryAsync(cancellationToken);
            }

            return target.Database;
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>A port that is free now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static int ReadPostmasterId(PostgresHome home) =>
        int.Parse(File.ReadLines(Path.Combine(home.Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
}
