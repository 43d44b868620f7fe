using Dapper;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Poison;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Retention;

/// <summary>What an erasure did.</summary>
/// <param name="Events">Raw events removed.</param>
/// <param name="RebuiltDays">Days whose rollups were built anew from their bases and the raw events left.</param>
/// <param name="PurgedEvents">Events asked for by id that had been purged: their seconds are unknown, and the totals keep them.</param>
/// <param name="RememberedIds">Ids asked for that are not stored: they may be on their way, and are refused when they come.</param>
/// <param name="RememberedConversations">Conversations of which events may be on their way: those created up to now are refused when they come.</param>
internal sealed record EraseResult(
    long Events, IReadOnlyList<LocalDate> RebuiltDays, int PurgedEvents, int RememberedIds, int RememberedConversations);

/// <summary>
/// Removes single events for good, and what they added to the rollups, in one transaction for each few days. A message
/// that brings an erased event, or one of an erased conversation, changes nothing: what was erased is remembered for good.
/// </summary>
internal sealed class EventEraser(NpgsqlDataSource dataSource, AccountStore accounts, PoisonLog poison, IClock clock, ILogger<EventEraser> logger)
{
    private const int EventsAtOnce = 1_000;

    // Each takes a lock, and is rebuilt whole.
    private const int DaysAtOnce = 16;

    private static readonly int ClientTimeout = TimedStatement.ClientTimeout(TimedStatement.ByHand);

    /// <summary>
    /// Erases the events with these ids, also from messages on record. All ids are remembered for good, so that an event which
    /// is still in a queue is refused when it comes.
    /// </summary>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public async Task<EraseResult> EraseAsync(long accountId, IReadOnlyCollection<Guid> eventIds, CancellationToken cancellationToken = default)
    {
        var ids = eventIds.ToArray();
        _ = await accounts.FindAsync(accountId, cancellationToken) ?? throw new UnknownAccountException(accountId);
        var purged = await RememberAsync(accountId, ids, cancellationToken);
        var asked = ids.ToHashSet();
        await poison.EraseAsync(accountId, one => one.Id is { } id && asked.Contains(id), cancellationToken);
        var result = await EraseAsync(accountId, EraseSql.FindById, new { account_id = accountId, ids, limit = EventsAtOnce }, purged, cancellationToken);
        return result with { RememberedIds = (int)(asked.Count - result.Events - purged) };
    }

    /// <summary>
    /// Erases the raw events of a conversation, also from messages on record. Those that were purged cannot be told from others. The
    /// conversation is remembered: an event of it that was created before now is refused when it comes. What happens in it later is new.
    /// </summary>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public async Task<EraseResult> EraseConversationAsync(long accountId, long conversationId, CancellationToken cancellationToken = default)
    {
        _ = await accounts.FindAsync(accountId, cancellationToken) ?? throw new UnknownAccountException(accountId);
        await RememberConversationAsync(accountId, conversationId, cancellationToken);
        await poison.EraseAsync(accountId, one => one.ConversationId == conversationId, cancellationToken);
        var result = await EraseAsync(accountId, EraseSql.FindByConversation, new { account_id = accountId, conversation_id = conversationId, limit = EventsAtOnce }, 0, cancellationToken);
        return result with { RememberedConversations = 1 };
    }

    private async Task<EraseResult> EraseAsync(long accountId, string findSql, object parameters, int purged, CancellationToken cancellationToken)
    {
        var erased = new Erased();
        while (true)
        {
            var account = await accounts.FindAsync(accountId, cancellationToken) ?? throw new UnknownAccountException(accountId);
            await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
            var found = await connection.QueryWithinAsync<Found>(TimedStatement.ByHand, findSql, parameters, cancellationToken);
            if (found.Count == 0) break;
            await EraseAsync(connection, account, FirstDays(found, account), erased, cancellationToken);
        }

        Log.EventsErased(logger, accountId, erased.Events, erased.Rebuilt.Count);
        return new EraseResult(erased.Events, [.. erased.Rebuilt], purged, RememberedIds: 0, RememberedConversations: 0);
    }

    /// <summary>
    /// Waits for those that are applying the account's events; those that come later find the ids. Answers how many of them had
    /// been purged.
    /// </summary>
    private async Task<int> RememberAsync(long accountId, Guid[] ids, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await LockAsync(connection, accountId, cancellationToken);
        var purged = await connection.ExecuteScalarAsync<int>(Command(EraseSql.CountPurged, new { account_id = accountId, ids }, cancellationToken));
        await connection.ExecuteAsync(Command(EraseSql.Remember, new { account_id = accountId, ids, now = clock.GetCurrentInstant() }, cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return purged;
    }

    /// <summary>Likewise: those that come later find the conversation.</summary>
    private async Task RememberConversationAsync(long accountId, long conversationId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await LockAsync(connection, accountId, cancellationToken);
        await connection.ExecuteAsync(Command(
            EraseSql.RememberConversation, new { account_id = accountId, conversation_id = conversationId, now = clock.GetCurrentInstant() }, cancellationToken));
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<NpgsqlTransaction> LockAsync(NpgsqlConnection connection, long accountId, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginWithinAsync(TimedStatement.ByHand, cancellationToken);
        await connection.ExecuteAsync(Command("SELECT pg_advisory_xact_lock(@key)", new { key = AdvisoryLocks.Account(accountId) }, cancellationToken));
        return transaction;
    }

    private static CommandDefinition Command(string sql, object parameters, CancellationToken cancellationToken) =>
        new(sql, parameters, commandTimeout: ClientTimeout, cancellationToken: cancellationToken);

    /// <summary>The ids to begin with, and their days.</summary>
    private static (Guid[] Ids, List<LocalDay> Days) FirstDays(IReadOnlyList<Found> found, Account account)
    {
        if (account.Zone is not { } zone) return ([.. found.Select(one => one.Id)], []);
        var byDay = found.GroupBy(one => LocalDay.Containing(one.CreatedAt, zone)).Take(DaysAtOnce).ToList();
        return ([.. byDay.SelectMany(day => day.Select(one => one.Id))], [.. byDay.Select(day => day.Key)]);
    }

    /// <summary>One transaction. It does nothing if the account's zone changed meanwhile; the caller looks again.</summary>
    private async Task EraseAsync(NpgsqlConnection connection, Account account, (Guid[] Ids, List<LocalDay> Days) target, Erased erased, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var transaction = await connection.BeginWithinAsync(TimedStatement.ByHand, cancellationToken);
        await using (var locks = new NpgsqlBatch(connection, transaction) { Timeout = ClientTimeout })
        {
            locks.BatchCommands.Add(ApplySql.LockCommand([AdvisoryLocks.Account(account.Id)], target.Days
                .SelectMany(day => Enumerable.Range(-DayCoverage.Neighbours, 2 * DayCoverage.Neighbours + 1).Select(offset => AdvisoryLocks.Day(account.Id, day.Date.PlusDays(offset))))));
            await locks.ExecuteNonQueryAsync(cancellationToken);
        }

        if (!await AccountDirectory.AreCurrentAsync(connection, [account], cancellationToken)) return;

        var events = await connection.ExecuteScalarAsync<long>(Command(EraseSql.Erase, new { account_id = account.Id, ids = target.Ids, now }, cancellationToken));
        await RebuildAsync(connection, transaction, account, target.Days, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        erased.Events += events;
        erased.Rebuilt.UnionWith(target.Days.Select(day => day.Date));
    }

    // A day that lost its last event becomes its base, and is not kept for having no events.
    private static async Task RebuildAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Account account, List<LocalDay> days, Instant now, CancellationToken cancellationToken)
    {
        if (days.Count == 0) return;
        await using var batch = new NpgsqlBatch(connection, transaction) { Timeout = ClientTimeout };
        batch.BatchCommands.Add(DaySql.RebuildCommand([.. days.Select(day => DayRebuild.Of(new DayTarget(account.Id, day.Date), account, withNeighbours: true, isRemoval: true))], now));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed record Found
    {
        public required Guid Id { get; init; }

        public required Instant CreatedAt { get; init; }
    }

    private sealed class Erased
    {
        public long Events { get; set; }

        public SortedSet<LocalDate> Rebuilt { get; } = [];
    }
}
