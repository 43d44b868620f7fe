using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Events;

namespace Tally.Tests.Reporting.Rollups;

/// <summary>
/// Everything that can happen to an account's events and days, at random and at once, from several processes. What a killed
/// session leaves undone goes back, as the queue would bring it back. It ends: kills have a budget, and all of it a limit.
/// </summary>
internal sealed class Storm(ReportingHost host, IReadOnlyList<ServiceProvider> processes, IReadOnlyList<long> accounts, ConcurrentQueue<ReportingEvent[]> messages)
{
    public static readonly string[] Zones =
    [
        "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana", "Africa/Cairo", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "America/New_York", "Etc/UTC",
    ];

    // Enough to hit every statement at some time; without an end, on a busy machine, kills outrun progress.
    private const int Kills = 30;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly ConcurrentQueue<BackfillRequest> _requests = new();
    private int _lost;

    /// <summary>How often a covered day was found right in the midst of it.</summary>
    public int DaysChecked { get; private set; }

    /// <summary>Operations that failed because their session was killed.</summary>
    public int Lost => _lost;

    /// <summary>Works until there is no message left; sessions are killed until the budget of kills is spent.</summary>
    public async Task RageAsync(Random random, bool kill)
    {
        var killsLeft = kill ? Kills : 0;
        var began = Stopwatch.StartNew();
        var workers = processes.SelectMany((_, process) => Enumerable.Range(0, 2).Select(_ => WorkAsync(process, new Random(random.Next())))).ToList();
        var work = Task.WhenAll(workers);
        while (!work.IsCompleted)
        {
            // The promise holds in every snapshot, not only at the end.
            foreach (var account in accounts) DaysChecked += await CoveredDays.CheckAsync(host.DataSource, account);
            if (killsLeft > 0 && random.Next(3) == 0 && await Sessions.KillOneAsync(host.DataSource)) killsLeft--;
            if (began.Elapsed > Limit) throw new TimeoutException($"After {Limit.TotalMinutes:0} minutes the storm still has {messages.Count} messages to apply; {_lost} operations lost their session and {killsLeft} kills are left.");
        }

        await work;
    }

    private async Task WorkAsync(int process, Random random)
    {
        while (messages.TryDequeue(out var events))
        {
            try
            {
                await DoAsync(processes[process], events, random);
            }
            catch (NpgsqlException exception) when (IsKill(exception))
            {
                Interlocked.Increment(ref _lost);
                messages.Enqueue(events);
            }
        }
    }

    private async Task DoAsync(ServiceProvider process, ReportingEvent[] events, Random random)
    {
        var account = accounts[random.Next(accounts.Count)];
        switch (random.Next(40))
        {
            case <= 1:
                await ChangeZoneAsync(process, account, Zones[random.Next(Zones.Length)]);
                break;
            case <= 3 when _requests.TryDequeue(out var request):
                _requests.Enqueue(request);
                await host.RunAsync(request);
                break;
            case <= 14:
                await RebuildAsync(process, account, events[0].CreatedAt);
                break;
            case <= 17:
                await process.GetRequiredService<EventImporter>().ImportAsync(events.ToAsyncEnumerable());
                return;
        }

        await process.GetRequiredService<EventIntake>().ApplyAsync(events, CancellationToken.None);
    }

    private async Task ChangeZoneAsync(ServiceProvider process, long account, string zone)
    {
        // Two changes are never at the same instant.
        host.Clock.AdvanceSeconds(1);
        var change = await process.GetRequiredService<AccountStore>().SetTimezoneAsync(account, zone);
        if (change.Backfill is not null) _requests.Enqueue(change.Backfill);
    }

    private static Task RebuildAsync(ServiceProvider process, long account, Instant near) => process.GetRequiredService<BackfillWorker>().RebuildAsync(
        MessageJson.Serialize(new BackfillDayMessage { AccountId = account, Date = near.InUtc().Date.ToDateOnly() }), "message");

    // Whatever else goes wrong, a deadlock or a broken constraint, is a fault of the product.
    private static bool IsKill(NpgsqlException exception) => exception is PostgresException postgres
        ? postgres.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
        : exception.InnerException is IOException or System.Net.Sockets.SocketException || exception.Message.Contains("broken", StringComparison.OrdinalIgnoreCase);
}
