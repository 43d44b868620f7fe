using System.Globalization;
using System.Text;
using System.Text.Json;
using Azure.Storage.Queues;
using Dapper;
using LocalServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using NodaTime.Text;
using Npgsql;
using Spectre.Console;
using Tally.Azure;
using Tally.Benchmarks.Reporting;
using Tally.Reporting.Events;

namespace Tally.Benchmarks.Chain;

/// <summary>
/// Messages through everything on one machine (queue, host, worker, database), beside each part alone: the queue service put
/// to, got and deleted from; host and worker with a function that does nothing; the database without a queue.
/// </summary>
internal static class ChainBenchmark
{
    private const int InFlight = 32;
    private const int Batch = 16;
    private const string Idle = "nothing-in";

    public static async Task RunAsync(NpgsqlDataSource dataSource, BenchmarkScale scale, CancellationToken cancellationToken)
    {
        await using var servers = await LocalServers.StartAsync(
            new LocalServersOptions { DataDirectory = Path.Combine(CheckoutDirectory.LocalDirectory, "benchmark"), Postgres = false, Ephemeral = true, Announce = Console.Error.WriteLine }, cancellationToken);
        var account = QueueAccount.Of(servers.StorageConnectionString!);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync("INSERT INTO reporting.accounts (id, name, reporting_timezone, timezone_set_at) SELECT n, 'Account ' || n, 'America/New_York', '2020-01-01' FROM generate_series(1, 100) n ON CONFLICT DO NOTHING");

        await using var app = HostedApp.Start("Tally.Functions", servers.StorageConnectionString!, dataSource.ConnectionString);
        await using var nothing = HostedApp.Start("LocalHost.TestApp", servers.StorageConnectionString!, dataSource.ConnectionString);
        await app.StartedAsync(cancellationToken);
        await nothing.StartedAsync(cancellationToken);
        await using var services = new ServiceCollection().AddLogging().AddSingleton<IClock>(new BenchmarkClock())
            .AddTally(new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Tally", dataSource.ConnectionString)]).Build()).BuildServiceProvider();
        var processor = services.GetRequiredService<EventMessageProcessor>();

        var load = new EventLoad(accounts: 100, seed: 20260302);
        foreach (var (title, messages, size) in new[] { ("messages of one event", 1_000, 1), ("messages of 100 events", 200, 100) })
        {
            var count = scale.IsSmoke ? messages / 20 : messages;
            string[] texts = [];
            Contender Part(string name, Func<CancellationToken, Task> run) => new(name, run, _ =>
            {
                texts = [.. Enumerable.Range(0, count).Select(_ => Json(load.Next(size)))];
                return Task.CompletedTask;
            });
            var measured = await Comparison.RunAsync(scale.RoundsOr(5),
            [
                Part("queue alone", token => PassAsync(account.GetQueue("alone"), texts, drain: true, token)),
                Part("host and worker, no database", token => PassAsync(account.GetQueue(Idle), texts, drain: false, token)),
                Part("database alone", token => Parallel.ForEachAsync(texts, new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = token }, async (text, stop) =>
                    await processor.ApplyAsync(Encoding.UTF8.GetBytes(text), "benchmark", stop))),
                Part("the whole chain", token => PassAsync(account.GetQueue(QueueNames.ReportingEvents), texts, drain: false, token)),
            ], cancellationToken, warmUps: 2);
            Write(title, measured, count);
        }
    }

    /// <summary>Puts all messages, several at once, and returns when all are gone: taken out here, or by a function.</summary>
    private static async Task PassAsync(QueueClient queue, IReadOnlyList<string> texts, bool drain, CancellationToken cancellationToken)
    {
        await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var left = texts.Count;
        var taking = drain ? Enumerable.Range(0, InFlight / Batch).Select(_ => TakeAsync()).ToArray() : [];
        await Parallel.ForEachAsync(texts, new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellationToken }, async (text, token) => await queue.SendMessageAsync(text, token));
        await Task.WhenAll(taking);
        while (!drain && (await queue.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount > 0) await Task.Delay(20, cancellationToken);

        async Task TakeAsync()
        {
            while (Volatile.Read(ref left) > 0)
            {
                var messages = (await queue.ReceiveMessagesAsync(Batch, cancellationToken: cancellationToken)).Value;
                if (messages.Length == 0) await Task.Delay(5, cancellationToken);
                await Task.WhenAll(messages.Select(async message =>
                {
                    await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellationToken);
                    Interlocked.Decrement(ref left);
                }));
            }
        }
    }

    private static void Write(string title, IReadOnlyList<Measurement> measured, int count)
    {
        var table = new Table().Title($"{count:N0} {title}").AddColumns("", "messages a second", "of the queue alone");
        var limit = measured[0].Median;
        foreach (var one in measured)
        {
            table.AddRow(
                one.Name, (count / one.Median.TotalSeconds).ToString("#,##0", CultureInfo.InvariantCulture), (limit / one.Median).ToString("0%", CultureInfo.InvariantCulture));
        }

        AnsiConsole.Write(table);
    }

    private static string Json(ReportingEvent[] events) => JsonSerializer.Serialize(events.Select(one => new
    {
        id = one.Id,
        accountId = one.AccountId,
        name = one.Name,
        value = one.Value,
        valueInBusinessHours = one.ValueInBusinessHours,
        userId = one.UserId,
        inboxId = one.InboxId,
        conversationId = one.ConversationId,
        createdAt = InstantPattern.ExtendedIso.Format(one.CreatedAt),
    }));
}
