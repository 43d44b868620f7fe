using NodaTime;
using Npgsql;
using Tally.Dashboard.Hosting;
using Tally.Dashboard.Pages;
using Tally.Database;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Poison;
using Tally.Reporting.Reconcile;
using Tally.Scheduling;

namespace Tally.Dashboard.Views;

/// <summary>Everything that says how Tally stands, at one time.</summary>
internal sealed record Health
{
    public required Instant At { get; init; }

    /// <summary>Null if the queues do not answer; then <see cref="QueueFault"/> says why.</summary>
    public required IReadOnlyList<QueueState>? Queues { get; init; }

    public required string? QueueFault { get; init; }

    public required IReadOnlyList<TimerRun> Timers { get; init; }

    /// <summary>Messages on record that failed their last try and that nobody has dealt with, by queue.</summary>
    public required IReadOnlyDictionary<string, long> PoisonOnRecord { get; init; }

    /// <summary>Why the last of them failed, the newest first.</summary>
    public required IReadOnlyList<PoisonReason> PoisonReasons { get; init; }

    /// <summary>The newest first.</summary>
    public required IReadOnlyList<BackfillProgress> Backfills { get; init; }

    public required Uncovered Uncovered { get; init; }

    /// <summary>The newest first.</summary>
    public required IReadOnlyList<RollupDrift> Drift { get; init; }

    public required ConnectionUse Connections { get; init; }

    /// <summary>Poison messages of a queue: its poison queue's own live seven days, those on record longer.</summary>
    public long PoisonOf(string queue) => Math.Max(
        (Queues ?? []).Where(other => other.IsPoison && other.Source == queue).Sum(other => other.Messages), PoisonOnRecord.GetValueOrDefault(queue));
}

/// <summary>Asks all who know.</summary>
internal sealed class HealthReader(
    IQueues queues, TimerRuns timers, PoisonLog poison, BackfillRequests backfills, UncoveredByAccount uncovered, DriftLog drift, NpgsqlDataSource dataSource, IClock clock, DashboardOptions options)
{
    // What is in hand is among the newest; what went wrong is said by the newest. The command line has all.
    private const int MostBackfills = 200;
    private const int MostReasons = 20;
    private const int MostDrift = 200;

    public async Task<Health> ReadAsync(CancellationToken cancellationToken)
    {
        var looking = ReadQueuesAsync(cancellationToken);
        var health = new Health
        {
            At = clock.GetCurrentInstant(),
            Queues = null,
            QueueFault = null,
            Timers = await timers.ReadAsync(cancellationToken),
            PoisonOnRecord = await poison.CountLeftAsync(cancellationToken),
            PoisonReasons = await poison.NewestAsync(MostReasons, cancellationToken),
            Backfills = await backfills.GetProgressAsync(limit: MostBackfills, cancellationToken: cancellationToken),
            Uncovered = await uncovered.ReadAsync(cancellationToken),
            Drift = await drift.ReadAsync(limit: MostDrift, cancellationToken: cancellationToken),
            Connections = await ConnectionUse.ReadAsync(dataSource, cancellationToken),
        };
        var (found, fault) = await looking;
        return health with { Queues = found, QueueFault = fault };
    }

    private async Task<(IReadOnlyList<QueueState>? Found, string? Fault)> ReadQueuesAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.QueuePatience);
        try
        {
            return (await queues.ReadAsync(patience.Token), null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"no answer within {Text.Of(Duration.FromTimeSpan(options.QueuePatience))}");
        }
#pragma warning disable CA1031 // Without queues the rest is worth seeing all the more.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return (null, options.Describe(exception));
        }
    }
}
