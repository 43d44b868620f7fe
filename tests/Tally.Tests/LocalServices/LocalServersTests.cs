using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using LocalServices;
using Npgsql;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalServices;

public sealed class LocalServersTests : IDisposable
{
    private readonly ServersFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Servers_answer_and_their_data_survives_a_restart()
    {
        await using (var servers = await LocalServers.StartAsync(_folder.Options))
        {
            await ExecuteAsync(servers, "CREATE TABLE kept AS SELECT 1 AS value");
            using var queues = new QueueProbe(servers.StorageConnectionString!);
            (await queues.CreateAsync("kept")).ShouldBe(HttpStatusCode.Created);
        }

        await using (var servers = await LocalServers.StartAsync(_folder.Options))
        {
            (await ExecuteAsync(servers, "SELECT value FROM kept")).ShouldBe(1);
            using var queues = new QueueProbe(servers.StorageConnectionString!);
            (await queues.FindAsync("kept")).ShouldBe(HttpStatusCode.OK);
            (await queues.FindAsync("unknown")).ShouldBe(HttpStatusCode.NotFound);
        }
    }

    [UnixFact]
    public async Task Messages_and_logs_are_their_owners_alone()
    {
        await using (var servers = await LocalServers.StartAsync(_folder.Options))
        {
            using var queues = new QueueProbe(servers.StorageConnectionString!);
            await queues.CreateAsync("secret");
        }

        foreach (var folder in new[] { _folder.Azurite, _folder.Postgres })
        {
            (ModeOf(folder) & (UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)).ShouldBe(UnixFileMode.None, folder);
            Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ShouldNotBeEmpty();
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
                (ModeOf(file) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)).ShouldBe(UnixFileMode.None, file);
        }

        static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? throw new PlatformNotSupportedException() : File.GetUnixFileMode(path);
    }

    [Fact]
    public async Task PostgreSQL_listens_on_loopback_only_and_wants_the_password()
    {
        await using var servers = await LocalServers.StartAsync(_folder.Options with { Azurite = false, Ephemeral = true });

        (await ExecuteAsync(servers, "SHOW listen_addresses")).ShouldBe("127.0.0.1");
        (await ExecuteAsync(servers, "SHOW unix_socket_directories")).ShouldBe("");
        var guess = new NpgsqlConnectionStringBuilder(servers.PostgresConnectionString) { Password = "guess", Pooling = false };
        await using var connection = new NpgsqlConnection(guess.ConnectionString);
        var refusal = await Should.ThrowAsync<PostgresException>(connection.OpenAsync());
        refusal.SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
    }

    [Fact]
    public async Task Ephemeral_servers_run_side_by_side_and_leave_nothing()
    {
        var ephemeral = _folder.Options with { Ephemeral = true, Postgres = false, StorageAccounts = "one:a2V5;two:a2V5" };
        await using (var first = await LocalServers.StartAsync(ephemeral))
        await using (var second = await LocalServers.StartAsync(ephemeral))
        {
            first.StorageConnectionStrings.Count.ShouldBe(2);
            second.StorageConnectionString.ShouldNotBe(first.StorageConnectionString);
            // Azurite in memory falls silent for minutes after some thousands of messages.
            Directory.EnumerateDirectories(_folder.Path, "__queuestorage__", SearchOption.AllDirectories).Count().ShouldBe(2);
        }

        Directory.EnumerateFileSystemEntries(_folder.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task Storage_accounts_are_apart_from_each_other()
    {
        await using var servers = await LocalServers.StartAsync(
            _folder.Options with { Ephemeral = true, Postgres = false, StorageAccounts = "one:a2V5;two:a2V5" });
        using var one = new QueueProbe(servers.StorageConnectionStrings[0]);
        using var two = new QueueProbe(servers.StorageConnectionStrings[1]);

        (await one.CreateAsync("mine")).ShouldBe(HttpStatusCode.Created);

        (await one.FindAsync("mine")).ShouldBe(HttpStatusCode.OK);
        (await two.FindAsync("mine")).ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_server_that_does_not_start_is_quoted()
    {
        var options = _folder.Options with { Azurite = false, Ephemeral = true, PostgresSettings = new Dictionary<string, string> { ["no_such_setting"] = "1" } };

        var failure = await Should.ThrowAsync<LocalServersException>(LocalServers.StartAsync(options));

        failure.Message.ShouldContain("PostgreSQL failed (exit code 1)");
        failure.Message.ShouldContain("unrecognized configuration parameter \"no_such_setting\"");
        Directory.EnumerateFileSystemEntries(_folder.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_port_that_was_taken_meanwhile_is_left_for_another()
    {
        using var taker = new TcpListener(IPAddress.Loopback, 0);
        taker.Start();
        var taken = ((IPEndPoint)taker.LocalEndpoint).Port;
        var ports = new Queue<int>([taken, PostgresServer.FreePort()]);
        var options = _folder.Options with { Ephemeral = true };
        var node = await NodeRuntime.FindAsync(null, Environment.GetEnvironmentVariable("PATH"), default);
        var packages = await NpmPackages.EnsureAsync(node, Path.Combine(CheckoutDirectory.LocalDirectory, "npm"), null, default);
        var home = PostgresHome.Prepare(packages, _folder.In("postgres"), null);
        await using var keeper = Keeper.Start(node, []);

        var connectionString = await PostgresServer.StartAsync(keeper, home, options, ports.Dequeue, default);

        new NpgsqlConnectionStringBuilder(connectionString).Port.ShouldNotBe(taken);
        ports.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_second_process_waits_for_the_first_to_end()
    {
        var first = FileLock.TryAcquire(_folder.In("lock"))!;
        var announced = new List<string>();
        var options = _folder.Options with
        {
            Postgres = false,
            Announce = line =>
            {
                announced.Add(line);
                first.Dispose();
            },
        };

        await using var second = await LocalServers.StartAsync(options);

        announced.ShouldHaveSingleItem().ShouldBe($"Waiting for another process that uses {_folder.Path} ...");
        second.StorageConnectionString.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_second_process_says_why_it_gives_up()
    {
        using var first = FileLock.TryAcquire(_folder.In("lock"));

        var failure = await Should.ThrowAsync<LocalServersException>(LocalServers.StartAsync(_folder.Options with { Patience = TimeSpan.Zero }));

        failure.Message.ShouldContain(_folder.In("lock"));
        failure.Message.ShouldContain("Another process");
    }

    [RootFact, SupportedOSPlatform("linux")]
    public async Task As_root_PostgreSQL_runs_as_a_user_who_may_not_enter_the_data_folder()
    {
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var announced = new List<string>();

        await using (var servers = await LocalServers.StartAsync(_folder.Options with { Azurite = false, Announce = announced.Add }))
        {
            (await ExecuteAsync(servers, "SELECT 1")).ShouldBe(1);
            using var postgres = Process.GetProcessById(ServersFolder.ProcessOf(_folder.Postgres).ProcessId);
            File.ReadAllText($"/proc/{postgres.Id}/status").ShouldNotContain("Uid:\t0\t");
        }

        announced.ShouldHaveSingleItem().ShouldContain(_folder.Postgres);
    }

    [Fact]
    public async Task Nothing_is_started_when_nothing_is_asked_for()
    {
        await using var servers = await LocalServers.StartAsync(_folder.Options with { Postgres = false, Azurite = false, NodePath = "/nowhere/node" });

        servers.PostgresConnectionString.ShouldBeNull();
        servers.StorageConnectionString.ShouldBeNull();
    }

    internal static async Task<object?> ExecuteAsync(LocalServers servers, string sql)
    {
        // Without a pool: a pooled connection would not notice that its server has gone.
        await using var connection = new NpgsqlConnection(servers.PostgresConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
