using System.Data;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Scheduling;

namespace Tally.ValueStream;

/// <summary>What one run of <see cref="ValueStreamCounter"/> did.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="GroupsCompleted">Top-level groups whose month is now complete.</param>
/// <param name="GroupsFailing">Top-level groups in which a statement failed; they are left for the next run.</param>
/// <param name="Rows">Counts written.</param>
internal sealed record CountResult(RunOutcome Outcome, int GroupsCompleted, int GroupsFailing, long Rows);

/// <summary>
/// Counts every enabled, licensed top-level group once a month. Any number of these may run at once, in any number of
/// processes; each group is one worker's at a time, and a kill loses a page at most.
/// </summary>
public sealed class ValueStreamCounter
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly ValueStreamOptions _options;
    private readonly IClock _clock;
    private readonly ILogger<ValueStreamCounter> _logger;
    private readonly IReadOnlyList<CountMetric> _metrics;

    public ValueStreamCounter(NpgsqlDataSource dataSource, IOptions<ValueStreamOptions> options, IClock clock, ILogger<ValueStreamCounter> logger)
        : this(dataSource, options.Value, clock, logger, CountMetric.All)
    {
    }

    internal ValueStreamCounter(
        NpgsqlDataSource dataSource, ValueStreamOptions options, IClock clock, ILogger<ValueStreamCounter> logger, IReadOnlyList<CountMetric> metrics)
    {
        _dataSource = dataSource;
        _options = options;
        _clock = clock;
        _logger = logger;
        _metrics = metrics;
    }

    /// <summary>
    /// Counts until nothing is due or <paramref name="limiter"/> says that time is up, which it is asked after every commit.
    /// The month is that of the start, also when the run crosses midnight.
    /// </summary>
    /// <param name="limiter">The time box.</param>
    /// <param name="group">The only top-level group to count; null for all.</param>
    /// <param name="cancellationToken">Ends the run at once; what is committed stays.</param>
    /// <exception cref="NpgsqlException">The database failed, as opposed to a statement of one group.</exception>
    internal async Task<CountResult> RunAsync(RuntimeLimiter limiter, long? group = null, CancellationToken cancellationToken = default)
    {
        var result = await CountAsync(limiter, group, cancellationToken);
        Log.RunEnded(_logger, result.Outcome, result.GroupsCompleted, result.GroupsFailing, result.Rows);
        return result;
    }

    private async Task<CountResult> CountAsync(RuntimeLimiter limiter, long? group, CancellationToken cancellationToken)
    {
        var result = new CountResult(RunOutcome.NothingDue, 0, 0, 0);
        if (!_options.Licensed || !_options.IsInWindow(_clock.GetCurrentInstant().InUtc().Date)) return result;

        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        var runs = new CountTurns(connection, _options, _clock, _clock.CurrentMonth(), group);
        LogDisabled(await runs.OpenAsync(cancellationToken));
        var worked = false;
        while (await runs.ClaimAsync(cancellationToken) is { } run)
        {
            worked = true;
            result = await TakeTurnAsync(run, runs, connection, limiter, result, cancellationToken);
            if (limiter.WasOverTime) return result with { Outcome = RunOutcome.TimeUp };
        }

        var outcome = await runs.CountDueAsync(cancellationToken) > 0 ? RunOutcome.LeaseHeldElsewhere
            : worked ? RunOutcome.Completed
            : RunOutcome.NothingDue;
        return result with { Outcome = outcome };
    }

    private async Task<CountResult> TakeTurnAsync(
        CountRun run, CountTurns runs, NpgsqlConnection connection, RuntimeLimiter limiter, CountResult result, CancellationToken cancellationToken)
    {
        var counter = new GroupCounter(run, connection, _options, _metrics);
        var commits = 0;
        try
        {
            await foreach (var checkpoint in counter.CountAsync(cancellationToken))
            {
                var saved = await runs.SaveAsync(run, checkpoint, cancellationToken);
                var isOver = limiter.IsOverTime();
                if (!saved)
                {
                    Log.RunLost(_logger, run.TopLevelNamespaceId, run.PeriodMonth);
                    LogDisabled(await runs.DisableUnlicensedAsync(cancellationToken));
                    return result;
                }

                Telemetry.CountPages.Add(1);
                result = result with { Rows = result.Rows + checkpoint.Found.Count };
                if (checkpoint.Next is null)
                {
                    Log.GroupCompleted(_logger, run.TopLevelNamespaceId, run.PeriodMonth);
                    return result with { GroupsCompleted = result.GroupsCompleted + 1 };
                }

                if (isOver || ++commits == _options.TurnPages) break;
            }

            await runs.EndTurnAsync(run, cancellationToken);
            return result;
        }
        catch (PostgresException exception) when (connection.State == ConnectionState.Open && (exception.SqlState == PostgresErrorCodes.QueryCanceled || Outage.IsOfTheWork(exception)))
        {
            // The group's own failure: its data, or more of them than a statement may take.
            var place = await counter.DescribePlaceAsync(cancellationToken);
            Log.GroupFailed(_logger, run.TopLevelNamespaceId, run.PeriodMonth, run.Attempts + 1, _options.MaxAttempts, place, exception);
            await runs.RecordFailureAsync(run, $"{place}: {exception.MessageText}", cancellationToken);
            limiter.IsOverTime();
            return result with { GroupsFailing = result.GroupsFailing + 1 };
        }
        catch (OperationCanceledException) when (connection.State == ConnectionState.Open)
        {
            await LeasedWork.GiveBackAsync(token => runs.EndTurnAsync(run, token));
            throw;
        }
    }

    private void LogDisabled(IReadOnlyList<long> groups)
    {
        foreach (var group in groups) Log.GroupDisabled(_logger, group);
    }
}
