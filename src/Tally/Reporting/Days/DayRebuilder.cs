using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Days;

/// <summary>What became of a day that was to be rebuilt.</summary>
internal enum RebuildOutcome
{
    /// <summary>Rows were written or removed.</summary>
    Rebuilt,

    /// <summary>Every row was right already.</summary>
    Unchanged,

    /// <summary>Its raw events are gone: what its rollups hold became its base.</summary>
    Kept,

    /// <summary>Nothing was done: its request was cancelled, or its account is gone.</summary>
    Cancelled,
}

/// <summary>A day to rebuild, for a request or by itself.</summary>
internal sealed record DayTarget(long AccountId, LocalDate Date, Guid? RequestId = null);

/// <summary>
/// Replaces the rollups of a day by its base and the aggregate of its raw events, in one transaction. Concurrent callers share
/// transactions; a day that fails takes no other with it.
/// </summary>
internal sealed class DayRebuilder
{
    // As for events: one transaction's commit overlaps the next one's work.
    private const int Writers = 2;

    // Bounds the raw events that one statement holds; by this number the fixed cost of a statement is spread thin.
    private const int MaxDays = 32;

    private readonly NpgsqlDataSource _dataSource;
    private readonly AccountDirectory _accounts;
    private readonly IClock _clock;
    private readonly GroupCommit<DayTarget, RebuildOutcome> _groups;

    public DayRebuilder(NpgsqlDataSource dataSource, AccountDirectory accounts, IClock clock)
    {
        _dataSource = dataSource;
        _accounts = accounts;
        _clock = clock;
        _groups = new(RebuildAsync, Writers, MaxDays, _ => 1);
    }

    /// <summary>Rebuilds one day, together with those of other callers.</summary>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    /// <exception cref="MissingTimeZoneException">The account has no reporting timezone.</exception>
    public Task<RebuildOutcome> RebuildAsync(DayTarget target, CancellationToken cancellationToken) => _groups.SubmitAsync(target, cancellationToken);

    /// <summary>Rebuilds all the days in one transaction, or, if it throws, none.</summary>
    public async Task<IReadOnlyList<RebuildOutcome>> RebuildAsync(IReadOnlyList<DayTarget> targets, CancellationToken cancellationToken)
    {
        var outcomes = new RebuildOutcome[targets.Count];
        foreach (var round in Rounds(targets)) await RebuildRoundAsync(targets, round, outcomes, cancellationToken);
        foreach (var same in outcomes.CountBy(outcome => outcome))
            Telemetry.DaysRebuilt.Add(same.Value, new KeyValuePair<string, object?>("tally.outcome", same.Key.ToString().ToLowerInvariant()));
        return outcomes;
    }

    /// <summary>Indexes of the targets, each day at most once a round: a statement rebuilds a day once, and again for another request after it.</summary>
    private static IEnumerable<List<int>> Rounds(IReadOnlyList<DayTarget> targets) =>
        Enumerable.Range(0, targets.Count)
            .GroupBy(index => (targets[index].AccountId, targets[index].Date))
            .SelectMany(sameDay => sameDay.Select((index, round) => (index, round)))
            .GroupBy(one => one.round, one => one.index)
            .Select(round => round.ToList());

    private async Task RebuildRoundAsync(IReadOnlyList<DayTarget> targets, List<int> pending, RebuildOutcome[] outcomes, CancellationToken cancellationToken)
    {
        var cutOtherwise = new HashSet<int>();
        while (pending.Count > 0)
        {
            var accounts = await AccountsOfAsync(targets, pending, cancellationToken);
            var days = pending.ConvertAll(index => DayRebuild.Of(targets[index], accounts[targets[index].AccountId], cutOtherwise.Contains(index)));
            var undecided = new List<int>();
            foreach (var (ordinal, outcome) in await ExecuteAsync(days, cancellationToken))
            {
                var index = pending[ordinal - 1];
                switch (outcome)
                {
                    case "zone changed":
                        _accounts.Forget([targets[index].AccountId]);
                        undecided.Add(index);
                        break;
                    case "cut otherwise":
                        cutOtherwise.Add(index);
                        undecided.Add(index);
                        break;
                    default:
                        outcomes[index] = Enum.Parse<RebuildOutcome>(outcome, ignoreCase: true);
                        break;
                }
            }

            pending = undecided;
        }
    }

    private async Task<List<(int Ordinal, string Outcome)>> ExecuteAsync(List<DayRebuild> days, CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        await using var command = connection.CreateBatch();
        command.BatchCommands.Add(TimedStatement.Bound(OutageRetry.StatementTimeout));
        command.BatchCommands.Add(ApplySql.LockCommand(
            days.Select(day => AdvisoryLocks.Account(day.AccountId)),
            days.SelectMany(day => day.Neighbours.Append(day.Day).Select(one => AdvisoryLocks.Day(day.AccountId, one.Date)))));
        command.BatchCommands.Add(DaySql.DropBasesCommand(days));
        command.BatchCommands.Add(DaySql.RebuildCommand(days, _clock.GetCurrentInstant()));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        // The deletion has no result of its own.
        await reader.NextResultAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);

        var outcomes = new List<(int, string)>(days.Count);
        while (await reader.ReadAsync(cancellationToken))
            outcomes.Add(((int)reader.GetInt64(0), reader.GetString(1)));
        // To the end of the batch: its commit is the last thing that the server answers.
        while (await reader.NextResultAsync(cancellationToken)) { }
        return outcomes.Count == days.Count ? outcomes : throw new NpgsqlException("The database did not say what became of every day.");
    }

    private async ValueTask<IReadOnlyDictionary<long, Account>> AccountsOfAsync(IReadOnlyList<DayTarget> targets, List<int> indexes, CancellationToken cancellationToken)
    {
        var ids = indexes.Select(index => targets[index].AccountId).ToHashSet();
        var accounts = await _accounts.GetAsync(ids, cancellationToken);
        var zoneless = accounts.Values.Where(account => account.Zone is null).Select(account => account.Id).ToList();
        if (zoneless.Count > 0)
        {
            // Another process may have given them a zone since they were read.
            _accounts.Forget(zoneless);
            accounts = await _accounts.GetAsync(ids, cancellationToken);
        }

        ids.ExceptWith(accounts.Keys);
        if (ids.Count > 0) throw new UnknownAccountException(ids.First());
        return accounts.Values.FirstOrDefault(account => account.Zone is null) is { } unset ? throw new MissingTimeZoneException(unset) : accounts;
    }
}

/// <summary>A day as the statement takes it.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Day">The day, as its zone cuts it.</param>
/// <param name="StoredZone">The account's zone as it was stored when the day was cut.</param>
/// <param name="IsRemoval">Whether events were removed on purpose: the day may become empty.</param>
/// <param name="Neighbours">The days on either side, whose locks are held too; none unless the day was cut otherwise before.</param>
/// <param name="RequestId">The request, if there is one.</param>
internal sealed record DayRebuild(long AccountId, LocalDay Day, string? StoredZone, bool IsRemoval, IReadOnlyList<LocalDay> Neighbours, Guid? RequestId)
{
    public static DayRebuild Of(DayTarget target, Account account, bool withNeighbours, bool isRemoval = false) => new(
        target.AccountId, LocalDay.Of(target.Date, account.Zone!), account.ReportingTimezone, isRemoval,
        withNeighbours ? NeighboursOf(target.Date, account.Zone!) : [], target.RequestId);

    private static IReadOnlyList<LocalDay> NeighboursOf(LocalDate date, DateTimeZone zone) =>
        [.. Enumerable.Range(-DayCoverage.Neighbours, 2 * DayCoverage.Neighbours + 1).Where(offset => offset != 0).Select(offset => LocalDay.Of(date.PlusDays(offset), zone))];
}

/// <summary>The account's days cannot be told: it has no reporting timezone, or an unknown one.</summary>
internal sealed class MissingTimeZoneException(Account account) : OperatorException(account.ReportingTimezone is null
    ? $"Account {account.Id} has no reporting timezone. Set one with 'tally account set-timezone {account.Id} ZONE'."
    : $"Account {account.Id} has the unknown reporting timezone '{account.ReportingTimezone}'. Set another with 'tally account set-timezone {account.Id} ZONE'.");
