using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using global::Azure.Storage.Queues;
using Dapper;
using LocalServices;
using NodaTime.Text;
using Npgsql;
using Spectre.Console;
using Tally.Benchmarks.Reporting;
using Tally.Database;
using Tally.Reporting.Events;

namespace Tally.Benchmarks.Hosts;

/// <summary>
/// Events through the real function app: hosts that share one queue and one database, and accounts that are split over
/// several databases, each with queues and a host of its own. All of it shares this machine's processors.
/// </summary>
internal static class HostsBenchmark
{
    private const int Accounts = 1_000;
    private const int MessageSize = 100;

    public static async Task RunAsync(BenchmarkScale scale, CancellationToken cancellationToken)
    {
        var events = scale.IsSmoke ? 2_000 : 40_000;
        await using var servers = await LocalServers.StartAsync(
            new LocalServersOptions
            {
                DataDirectory = Path.Combine(CheckoutDirectory.LocalDirectory, "benchmark-hosts"),
                Ephemeral = true,
                StorageAccounts = string.Join(';', Enumerable.Range(1, 4).Select(number => $"bench{number}:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}")),
                Announce = Console.Error.WriteLine,
            }, cancellationToken);

        var table = new Table().Title($"{events.ToString("#,0", CultureInfo.InvariantCulture)} events of {Accounts} accounts, {MessageSize} a message, on {Environment.ProcessorCount} processors")
            .AddColumns("databases", "hosts on each one's queue", "events a second", "processors busy");
        (int Databases, int Hosts)[] shapes = scale.IsSmoke ? [(2, 2)] : [(1, 1), (1, 2), (1, 4), (2, 1), (4, 1)];
        foreach (var (databases, hosts) in shapes)
        {
            var runs = new List<(double Rate, double Busy)>();
            for (var round = 0; round < scale.RoundsOr(3); round++) runs.Add(await MeasureAsync(servers, databases, hosts, events, cancellationToken));
            table.AddRow(Number(databases), Number(hosts), $"{Whole(Comparison.Median(runs.Select(run => run.Rate)))} ({Whole(runs.Min(run => run.Rate))}-{Whole(runs.Max(run => run.Rate))})", Percent(Comparison.Median(runs.Select(run => run.Busy))));
        }

        AnsiConsole.Write(table);
    }

    private static async Task<(double Rate, double Busy)> MeasureAsync(LocalServers servers, int databases, int hosts, int events, CancellationToken cancellationToken)
    {
        var shards = new List<Shard>();
        var apps = new List<HostProcess>();
        try
        {
            for (var number = 0; number < databases; number++) shards.Add(await Shard.CreateAsync(servers, number, databases, events / databases, cancellationToken));
            foreach (var shard in shards)
                for (var host = 0; host < hosts; host++) apps.Add(HostProcess.Start(shard.Database, shard.Storage));
            await Task.WhenAll(apps.Select(app => app.StartedAsync(cancellationToken)));

            var (started, busy) = (Stopwatch.GetTimestamp(), Processors.Read());
            await Task.WhenAll(shards.Select(shard => shard.SendAsync(cancellationToken)));
            await Task.WhenAll(shards.Select(shard => shard.AppliedAsync(cancellationToken)));
            var (elapsed, share) = (Stopwatch.GetElapsedTime(started), Processors.Read().BusySince(busy));
            foreach (var shard in shards) await shard.CheckAsync(cancellationToken);
            return (events / elapsed.TotalSeconds, share);
        }
        finally
        {
            foreach (var app in apps) await app.DisposeAsync();
            foreach (var shard in shards) await shard.DisposeAsync();
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Whole(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => double.IsNaN(share) ? "?" : share.ToString("0 %", CultureInfo.InvariantCulture);

    /// <summary>A part of the accounts: a database, and a storage account with its queues.</summary>
    private sealed class Shard(NpgsqlDataSource dataSource, string server, string database, string storage, int first, int accounts, int events) : IAsyncDisposable
    {
        private readonly QueueClient _queue = new(storage, QueueNames.ReportingEvents, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        private readonly EventLoad _load = new(accounts, seed: 20260302 + first);

        private readonly List<string> _messages = [];

        public string Database => database;

        public string Storage => storage;

        public static async Task<Shard> CreateAsync(LocalServers servers, int number, int databases, int events, CancellationToken cancellationToken)
        {
            var name = $"tally_hosts_{number}";
            await ExecuteAsync(servers.PostgresConnectionString!, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            await ExecuteAsync(servers.PostgresConnectionString!, $"CREATE DATABASE {name}");
            var database = new NpgsqlConnectionStringBuilder(servers.PostgresConnectionString) { Database = name, PersistSecurityInfo = true }.ConnectionString;
            var dataSource = TallyDataSource.Create(database);
            await new Migrator(dataSource).MigrateAsync(cancellationToken);
            var (first, accounts) = (number * (Accounts / databases), Accounts / databases);
            await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
                await connection.ExecuteAsync(
                    "INSERT INTO reporting.accounts (id, reporting_timezone, timezone_set_at) SELECT @first + id, 'America/New_York', '2000-01-01Z' FROM generate_series(1, @accounts) AS id", new { first, accounts });
            var shard = new Shard(dataSource, servers.PostgresConnectionString!, database, servers.StorageConnectionStrings[number], first, accounts, events);
            await shard._queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await shard._queue.ClearMessagesAsync(cancellationToken);
            for (var sent = 0; sent < events; sent += MessageSize) shard._messages.Add(shard.Message());
            return shard;
        }

        /// <summary>Puts the messages; returns when the last is put.</summary>
        public async Task SendAsync(CancellationToken cancellationToken) =>
            await Parallel.ForEachAsync(
                _messages, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
                async (message, token) => await _queue.SendMessageAsync(message, token));

        public async Task AppliedAsync(CancellationToken cancellationToken)
        {
            var started = Stopwatch.GetTimestamp();
            while (await StoredAsync(cancellationToken) < events)
            {
                if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromMinutes(10)) throw new TimeoutException($"{await StoredAsync(cancellationToken)} of {events} events were applied in ten minutes.");
                await Task.Delay(100, cancellationToken);
            }
        }

        public async Task CheckAsync(CancellationToken cancellationToken)
        {
            await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
            var counts = await connection.QuerySingleAsync<(long Events, long InDays)>(new CommandDefinition(
                "SELECT (SELECT count(*) FROM reporting.reporting_events), (SELECT coalesce(sum(events_count), 0)::bigint FROM reporting.reporting_days)", cancellationToken: cancellationToken));
            if (counts != (events, events)) throw new InvalidOperationException($"Of {events} events {counts.Events} are stored and {counts.InDays} are counted in days.");
        }

        public async ValueTask DisposeAsync()
        {
            await dataSource.DisposeAsync();
            await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {new NpgsqlConnectionStringBuilder(database).Database} WITH (FORCE)");
        }

        private async Task<long> StoredAsync(CancellationToken cancellationToken)
        {
            await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
            return await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT coalesce(sum(events_count), 0)::bigint FROM reporting.reporting_days", cancellationToken: cancellationToken));
        }

        private string Message() => JsonSerializer.Serialize(_load.Next(MessageSize).Select(one => new
        {
            id = one.Id, accountId = first + one.AccountId, name = one.Name, value = one.Value, valueInBusinessHours = one.ValueInBusinessHours,
            userId = one.UserId, inboxId = one.InboxId, conversationId = one.ConversationId, createdAt = InstantPattern.ExtendedIso.Format(one.CreatedAt),
        }));

        private static async Task ExecuteAsync(string server, string sql)
        {
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ConnectionString);
            await connection.OpenAsync();
            await connection.ExecuteAsync(sql);
        }
    }
}
