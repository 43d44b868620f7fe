using System.Data.Common;
using System.Diagnostics;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;

namespace Tally.Reporting.Rollups;

/// <summary>What became of an event that was applied.</summary>
internal enum EventOutcome
{
    /// <summary>It was new: stored, and counted if its name and account say so.</summary>
    Applied,

    /// <summary>It was there already, the same in every field. Nothing changed.</summary>
    Duplicate,

    /// <summary>Its id was there with other contents. The first stays; nothing changed.</summary>
    Conflict,
}

/// <summary>
/// Applies events: the raw row, and what it adds to its day's rollups, in one transaction and one round trip.
/// </summary>
/// <remarks>
/// The transaction holds the lock of every (account, day) that it touches, so a rebuild of the same day, or
/// another writer, comes wholly before or wholly after. The lock is taken by a statement of its own: the next
/// statement's snapshot then holds everything that earlier holders of the lock have committed.
/// </remarks>
internal sealed class RollupWriter(NpgsqlDataSource dataSource, AccountDirectory accounts, IClock clock)
{
    /// <summary>Applies all of <paramref name="events"/> or, if it throws, none. Outcomes are in the order of the events.</summary>
    /// <exception cref="UnknownAccountException">An event's account does not exist.</exception>
    public Task<IReadOnlyList<EventOutcome>> ApplyAsync(IReadOnlyList<ReportingEvent> events, CancellationToken cancellationToken) => ApplyAsync(events, null, cancellationToken);

    /// <summary>The same for a caller that has looked up the events' accounts; what has changed since is looked up again.</summary>
    public async Task<IReadOnlyList<EventOutcome>> ApplyAsync(
        IReadOnlyList<ReportingEvent> events, IReadOnlyDictionary<long, Account>? known, CancellationToken cancellationToken)
    {
        var outcomes = new EventOutcome[events.Count];
        var (pending, repeated) = SplitRepeated(events);
        while (pending.Count > 0)
        {
            var batch = EventBatch.Of([.. pending.Select(index => events[index])], known ?? await AccountsOfAsync(events, pending, cancellationToken));
            known = null;
            Telemetry.BatchSize.Record(pending.Count);
            var refusal = await TryApplyAsync(batch, cancellationToken);
            if (refusal is null) break;

            if (refusal.ZoneChanged) accounts.Forget(batch.Accounts.Keys);
            foreach (var (ordinal, isSame) in refusal.Existing) outcomes[pending[ordinal - 1]] = isSame ? EventOutcome.Duplicate : EventOutcome.Conflict;
            var refused = refusal.Existing.Select(existing => existing.Ordinal - 1).ToHashSet();
            pending = [.. pending.Where((_, position) => !refused.Contains(position))];
        }

        if (repeated.Count == 0) return outcomes;

        // Their first copies are stored now, so that each is found to be the same, or in conflict.
        var second = await ApplyAsync([.. repeated.Select(index => events[index])], cancellationToken);
        for (var position = 0; position < repeated.Count; position++) outcomes[repeated[position]] = second[position];
        return outcomes;
    }

    /// <summary>The indexes of the events whose id comes for the first time, and of the others.</summary>
    private static (List<int> First, List<int> Repeated) SplitRepeated(IReadOnlyList<ReportingEvent> events)
    {
        var seen = new HashSet<(long, Guid)>(events.Count);
        var first = new List<int>(events.Count);
        var repeated = new List<int>();
        for (var index = 0; index < events.Count; index++) (seen.Add((events[index].AccountId, events[index].Id)) ? first : repeated).Add(index);
        return (first, repeated);
    }

    private async ValueTask<IReadOnlyDictionary<long, Account>> AccountsOfAsync(IReadOnlyList<ReportingEvent> events, List<int> indexes, CancellationToken cancellationToken)
    {
        var ids = indexes.Select(index => events[index].AccountId).ToHashSet();
        var found = await accounts.GetAsync(ids, cancellationToken);
        return found.Count == ids.Count ? found : throw new UnknownAccountException(ids.First(id => !found.ContainsKey(id)));
    }

    /// <summary>Null if the batch was applied; else nothing was written, for the reasons returned.</summary>
    private async Task<Refusal?> TryApplyAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var command = connection.CreateBatch();
        command.BatchCommands.Add(TimedStatement.Bound(OutageRetry.StatementTimeout));
        command.BatchCommands.Add(ApplySql.LockCommand(batch));
        command.BatchCommands.Add(ApplySql.ApplyCommand(batch, clock.GetCurrentInstant()));
        try
        {
            var asked = Stopwatch.GetTimestamp();
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.NextResultAsync(cancellationToken);
            Telemetry.LockWait.Record(Stopwatch.GetElapsedTime(asked).TotalSeconds);
            await reader.NextResultAsync(cancellationToken);
            var (isApplied, refusal) = await ReadAnswerAsync(reader, cancellationToken);
            // To the end of the batch: its commit is the last thing that the server answers.
            while (await reader.NextResultAsync(cancellationToken)) { }
            return isApplied ? null : refusal;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // The same id came with a time on another day, whose lock does not exclude this one; next time it is found.
            return new Refusal(false, []);
        }
    }

    internal static async Task<(bool IsApplied, Refusal Refusal)> ReadAnswerAsync(DbDataReader reader, CancellationToken cancellationToken)
    {
        var (isApplied, zoneChanged) = (false, false);
        var existing = new List<(int, bool)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            switch (reader.GetString(0))
            {
                case "applied": isApplied = true; break;
                case "zone changed": zoneChanged = true; break;
                default: existing.Add(((int)reader.GetInt64(1), reader.GetBoolean(2))); break;
            }
        }

        // Silence is not success: only the statement's own word is.
        return isApplied || zoneChanged || existing.Count > 0
            ? (isApplied, new Refusal(zoneChanged, existing))
            : throw new NpgsqlException("The database did not say whether the events were applied.");
    }

    /// <param name="ZoneChanged">An account's zone is no longer the one that the days were cut in.</param>
    /// <param name="Existing">Events that are stored: the ordinal from 1, and whether all fields are the same.</param>
    internal sealed record Refusal(bool ZoneChanged, IReadOnlyList<(int Ordinal, bool IsSame)> Existing);
}

/// <summary>No account has this id.</summary>
internal sealed class UnknownAccountException(long accountId)
    : OperatorException($"Account {accountId} does not exist. Create it with 'tally account create {accountId}'.")
{
    public long AccountId { get; } = accountId;
}
