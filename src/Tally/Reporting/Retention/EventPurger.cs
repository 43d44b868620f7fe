using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reconcile;
using Tally.Reporting.Rollups;
using static Tally.Database.SqlParameters;

namespace Tally.Reporting.Retention;

/// <summary>Why a day kept its raw events.</summary>
internal enum PurgeRefusal
{
    /// <summary>Its rollups do not hold the whole day: it is dirty, of another zone, or was never built.</summary>
    NotCovered,

    /// <summary>Its rollups are not what its raw events say. It is marked dirty.</summary>
    Differs,
}

/// <summary>What a purge did.</summary>
internal sealed record PurgeResult
{
    public required int DaysPurged { get; init; }

    public required long EventsPurged { get; init; }

    /// <summary>Bot events of the days purged, which reports still count.</summary>
    public required long EventsKept { get; init; }

    /// <summary>Days that kept all their events.</summary>
    public required IReadOnlyList<(LocalDate Date, PurgeRefusal Refusal)> Refused { get; init; }
}

/// <summary>
/// Moves the raw events of days whose rollups are verified to be right into the bases of these days. One transaction a
/// day; nothing is counted twice or forgotten wherever it stops.
/// </summary>
internal sealed class EventPurger(
    NpgsqlDataSource dataSource, AccountStore accounts, DriftLog drift, IOptions<ReportingOptions> options, IClock clock, ILogger<EventPurger> logger)
{
    private readonly TimeSpan _timeout = options.Value.StatementTimeout;

    /// <summary>Purges the days before <paramref name="before"/> that have ended, oldest first.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="before">The first day that stays.</param>
    /// <param name="progress">Told the days done so far.</param>
    /// <param name="cancellationToken">Stops between days.</param>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    /// <exception cref="MissingTimeZoneException">The account has no reporting timezone.</exception>
    public async Task<PurgeResult> PurgeAsync(long accountId, LocalDate before, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        var account = await accounts.FindAsync(accountId, cancellationToken) ?? throw new UnknownAccountException(accountId);
        if (account.Zone is null) throw new MissingTimeZoneException(account);

        var result = new PurgeTally();
        foreach (var (index, (day, isCovered)) in (await FindDaysAsync(account, before, cancellationToken)).Index())
        {
            if (isCovered) await PurgeDayAsync(account, day, result, cancellationToken);
            else result.Refused.Add((day.Date, PurgeRefusal.NotCovered));
            progress?.Report(index + 1);
        }

        return result.ToResult();
    }

    /// <summary>Purges the oldest days that can be, as many as there is time for, at most <paramref name="limit"/>.</summary>
    internal async Task<PurgeResult> PurgeAsync(Account account, LocalDate before, int limit, Func<bool> isOverTime, Func<CancellationToken, Task> keep, CancellationToken cancellationToken)
    {
        var result = new PurgeTally();
        var days = (await FindDaysAsync(account, before, cancellationToken)).Where(found => found.IsCovered).Take(limit);
        await keep(cancellationToken);
        foreach (var (day, _) in days)
        {
            await PurgeDayAsync(account, day, result, cancellationToken);
            if (isOverTime()) break;
            await keep(cancellationToken);
        }

        return result.ToResult();
    }

    /// <summary>The days that have ended and have events that may go, and whether they are covered.</summary>
    private async Task<IReadOnlyList<(LocalDay Day, bool IsCovered)>> FindDaysAsync(Account account, LocalDate before, CancellationToken cancellationToken)
    {
        var zone = account.Zone!;
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(_timeout, cancellationToken);
        var today = LocalDay.Containing(clock.GetCurrentInstant(), zone).Date;
        var dates = await DaysOnRecord.FindWithEventsAsync(connection, account.Id, zone, null, LocalDate.Min(before, today).PlusDays(-1), _timeout, cancellationToken);
        if (dates.Count == 0) return [];

        var days = dates.Select(date => LocalDay.Of(date, zone)).ToList();
        var purgeable = await connection.QueryAsync<LocalDate>(Command(
            PurgeSql.Candidates,
            new
            {
                account_id = account.Id,
                dates = days.ConvertAll(day => day.Date),
                starts = days.ConvertAll(day => day.Start),
                ends = days.ConvertAll(day => day.End),
            },
            cancellationToken));
        var coverage = await CoverageAsync(connection, account, dates[0], dates[^1], null, cancellationToken);
        return [.. purgeable.Select(date => LocalDay.Of(date, zone)).Select(day => (day, coverage.IsCovered(day)))];
    }

    private async Task<DayCoverage> CoverageAsync(
        NpgsqlConnection connection, Account account, LocalDate from, LocalDate to, NpgsqlTransaction? transaction, CancellationToken cancellationToken) => new(
        account,
        await connection.QueryAsync<RollupDay>(Command(
            PurgeSql.FindDays,
            new { account_id = account.Id, from = from.PlusDays(-DayCoverage.Neighbours), to = to.PlusDays(DayCoverage.Neighbours) },
            cancellationToken,
            transaction)));

    private async Task PurgeDayAsync(Account account, LocalDay day, PurgeTally result, CancellationToken cancellationToken)
    {
        var differences = await TryPurgeDayAsync(account, day, result, cancellationToken);
        if (differences.Count == 0) return;
        await drift.RecordAsync(account, differences, cancellationToken);
        result.Refused.Add((day.Date, PurgeRefusal.Differs));
    }

    /// <summary>What differs, and then nothing was removed.</summary>
    private async Task<IReadOnlyList<RollupDifference>> TryPurgeDayAsync(Account account, LocalDay day, PurgeTally result, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(_timeout, cancellationToken);
        await using (var locks = new NpgsqlBatch(connection, transaction) { Timeout = TimedStatement.ClientTimeout(_timeout) })
        {
            locks.BatchCommands.Add(ApplySql.LockCommand([AdvisoryLocks.Account(account.Id)], [AdvisoryLocks.Day(account.Id, day.Date)]));
            await locks.ExecuteNonQueryAsync(cancellationToken);
        }

        // Under the lock nothing changes any more between looking and removing.
        var coverage = await CoverageAsync(connection, account, day.Date, day.Date, transaction, cancellationToken);
        if (!await AccountDirectory.AreCurrentAsync(connection, [account], cancellationToken) || coverage.RowOf(day.Date) is null || !coverage.IsCovered(day))
        {
            result.Refused.Add((day.Date, PurgeRefusal.NotCovered));
            return [];
        }

        await using var verify = DaySql.VerifyCommand(connection, account.Id, [day]);
        verify.CommandTimeout = TimedStatement.ClientTimeout(_timeout);
        var differences = await RollupVerifier.ReadDifferencesAsync(verify, cancellationToken);
        if (differences.Count > 0) return differences;

        var (purged, kept) = await connection.QuerySingleAsync<(long, long)>(Command(
            PurgeSql.Purge,
            new
            {
                account_id = account.Id,
                date = day.Date,
                day_start = day.Start,
                day_end = day.End,
                metric_events = EventMetricRegistry.All.Select(entry => entry.EventName).ToArray(),
                metrics = EventMetricRegistry.All.Select(entry => entry.Metric).ToArray(),
                metric_durations = EventMetricRegistry.All.Select(entry => entry.Kind == MetricKind.Duration).ToArray(),
                now = clock.GetCurrentInstant(),
            },
            cancellationToken,
            transaction));
        await transaction.CommitAsync(cancellationToken);
        Log.DayPurged(logger, account.Id, day.Date.ToDateOnly(), purged, kept);
        result.Add(purged, kept);
        return [];
    }

    private CommandDefinition Command(string sql, object parameters, CancellationToken cancellationToken, NpgsqlTransaction? transaction = null) =>
        new(sql, parameters, transaction, commandTimeout: TimedStatement.ClientTimeout(_timeout), cancellationToken: cancellationToken);

    private sealed class PurgeTally
    {
        private int _days;
        private long _purged;
        private long _kept;

        public List<(LocalDate, PurgeRefusal)> Refused { get; } = [];

        public void Add(long purged, long kept)
        {
            _days++;
            _purged += purged;
            _kept += kept;
        }

        public PurgeResult ToResult() => new() { DaysPurged = _days, EventsPurged = _purged, EventsKept = _kept, Refused = Refused };
    }
}
