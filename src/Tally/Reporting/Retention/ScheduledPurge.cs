using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Passes;
using Tally.Reporting.Poison;
using Tally.Reporting.Reconcile;
using Tally.Scheduling;

namespace Tally.Reporting.Retention;

/// <summary>What a run of <see cref="ScheduledPurge"/> did.</summary>
internal sealed record ScheduledPurgeResult(RunOutcome Outcome, int DaysPurged, long EventsPurged, long IdsForgotten);

/// <summary>
/// Forgets the ids of events that were removed long ago and poison messages that were dealt with, removes old records of finished work,
/// and removes raw events older than <c>Reporting:RetentionDays</c>,
/// of every account, if that is set.
/// </summary>
public sealed class ScheduledPurge
{
    // A month of an account, then the next one's turn: nobody waits for years of another to go.
    private const int DaysInTurn = 31;

    private const int IdsAtOnce = 10_000;

    private const int MessagesAtOnce = 1_000;

    private readonly NpgsqlDataSource _dataSource;
    private readonly AccountPasses _passes;
    private readonly EventPurger _purger;
    private readonly WorkRecordPurger _records;
    private readonly PoisonLog _poison;
    private readonly ReportingOptions _options;
    private readonly IClock _clock;
    private readonly ILogger<ScheduledPurge> _logger;

    internal ScheduledPurge(
        NpgsqlDataSource dataSource, AccountPasses passes, EventPurger purger, WorkRecordPurger records, PoisonLog poison, IOptions<ReportingOptions> options, IClock clock, ILogger<ScheduledPurge> logger)
    {
        _dataSource = dataSource;
        _passes = passes;
        _purger = purger;
        _records = records;
        _poison = poison;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Goes on until nothing is due or time is up.</summary>
    /// <param name="limiter">The time box, asked after every day and every 10,000 ids.</param>
    /// <param name="cancellationToken">Ends the run at once; what is committed stays.</param>
    internal async Task<ScheduledPurgeResult> RunAsync(RuntimeLimiter limiter, CancellationToken cancellationToken = default)
    {
        var (days, events) = (0, 0L);
        var forgotten = await ForgetAsync(limiter, cancellationToken);
        while (!limiter.WasOverTime && await _poison.ForgetAsync(MessagesAtOnce, cancellationToken) == MessagesAtOnce && !limiter.IsOverTime()) { }
        var records = await _records.RemoveAsync(limiter, cancellationToken);
        var outcome = limiter.WasOverTime ? RunOutcome.TimeUp : forgotten + records > 0 ? RunOutcome.Completed : RunOutcome.NothingDue;
        var daysBefore = -1;
        while (_options.RetentionDays > 0 && outcome is RunOutcome.Completed or RunOutcome.NothingDue && days != daysBefore)
        {
            daysBefore = days;
            outcome = await _passes.RunAsync(PassKind.Purge, limiter, TakeTurnAsync, cancellationToken);
        }

        Log.Purged(_logger, outcome, days, events, forgotten);
        return new ScheduledPurgeResult(outcome, days, events, forgotten);

        async Task<AccountTurn> TakeTurnAsync(Account account, Func<CancellationToken, Task> keep, CancellationToken token)
        {
            if (account.Zone is not { } zone) return default;
            try
            {
                var before = LocalDay.Containing(_clock.GetCurrentInstant(), zone).Date.PlusDays(-_options.RetentionDays);
                var result = await _purger.PurgeAsync(account, before, DaysInTurn, limiter.IsOverTime, keep, token);
                days += result.DaysPurged;
                events += result.EventsPurged;
                return new AccountTurn(result.DaysPurged, result.Refused.Count(refused => refused.Refusal == PurgeRefusal.Differs));
            }
            catch (NpgsqlException exception) when (exception is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } || Outage.IsOfTheWork(exception))
            {
                // Of this account: another may fare better. What is the server's own ends the run.
                Log.PurgeFailed(_logger, account.Id, exception);
                return default;
            }
        }
    }

    private async Task<long> ForgetAsync(RuntimeLimiter limiter, CancellationToken cancellationToken)
    {
        if (_options.PurgedEventDays == 0) return 0;
        var before = _clock.GetCurrentInstant() - Duration.FromDays(_options.PurgedEventDays);
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        var forgotten = 0L;
        while (true)
        {
            var removed = await connection.ExecuteWithinAsync(_options.StatementTimeout, PurgeSql.Forget, new { before, limit = IdsAtOnce }, cancellationToken);
            forgotten += removed;
            if (limiter.IsOverTime() || removed < IdsAtOnce) return forgotten;
        }
    }
}
