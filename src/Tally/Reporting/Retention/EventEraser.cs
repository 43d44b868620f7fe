using Dapper;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using NpgsqlTypes;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Poison;
using Tally.Reporting.Rollups;
using static Tally.Database.SqlParameters;

namespace Tally.Reporting.Retention;

/// <summary>What an erasure did.</summary>
/// <param name="Events">Raw events removed.</param>
/// <param name="RebuiltDays">Days whose rollups were built anew from the raw events left.</param>
/// <param name="AdjustedDays">Frozen days, from whose rollups the events were taken off.</param>
/// <param name="UntouchedDays">Days frozen in a former zone: their totals cannot be told apart any more, and stay.</param>
/// <param name="PurgedEvents">Events asked for by id that had been purged: their seconds are unknown, and the totals keep them.</param>
/// <param name="Remembered">Ids asked for that are not stored: they may be on their way, and are refused when they come.</param>
public sealed record EraseResult(
    long Events, IReadOnlyList<LocalDate> RebuiltDays, IReadOnlyList<LocalDate> AdjustedDays, IReadOnlyList<LocalDate> UntouchedDays, int PurgedEvents, int Remembered);

/// <summary>
/// Removes single events for good, and what they added to the rollups, in one transaction for each few days. A message
/// that brings an erased event again changes nothing for as long as its id is remembered.
/// </summary>
public sealed class EventEraser
{
    private const int EventsAtOnce = 1_000;

    // Each takes a lock, and is rebuilt whole.
    private const int DaysAtOnce = 16;

    private readonly NpgsqlDataSource _dataSource;
    private readonly AccountStore _accounts;
    private readonly PoisonLog _poison;
    private readonly IClock _clock;
    private readonly ILogger<EventEraser> _logger;

    internal EventEraser(NpgsqlDataSource dataSource, AccountStore accounts, PoisonLog poison, IClock clock, ILogger<EventEraser> logger)
    {
        _dataSource = dataSource;
        _accounts = accounts;
        _poison = poison;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>
    /// Erases the events with these ids, also from messages on record. All ids are remembered for good, so that an event which
    /// is still in a queue is refused when it comes.
    /// </summary>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public async Task<EraseResult> EraseAsync(long accountId, IReadOnlyCollection<Guid> eventIds, CancellationToken cancellationToken = default)
    {
        var ids = eventIds.ToArray();
        _ = await _accounts.FindAsync(accountId, cancellationToken) ?? throw new UnknownAccountException(accountId);
        var purged = await RememberAsync(accountId, ids, cancellationToken);
        var asked = ids.ToHashSet();
        await _poison.EraseAsync(accountId, item => Guid.TryParse(item["id"]?.ToString(), out var id) && asked.Contains(id), cancellationToken);
        var result = await EraseAsync(accountId, EraseSql.FindById, new { account_id = accountId, ids, limit = EventsAtOnce }, purged, cancellationToken);
        return result with { Remembered = (int)(asked.Count - result.Events - purged) };
    }

    /// <summary>Erases the raw events of a conversation. Those that were purged cannot be told from others.</summary>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public async Task<EraseResult> EraseConversationAsync(long accountId, long conversationId, CancellationToken cancellationToken = default)
    {
        await _poison.EraseAsync(accountId, item => long.TryParse(item["conversationId"]?.ToString(), out var id) && id == conversationId, cancellationToken);
        return await EraseAsync(accountId, EraseSql.FindByConversation, new { account_id = accountId, conversation_id = conversationId, limit = EventsAtOnce }, 0, cancellationToken);
    }

    private async Task<EraseResult> EraseAsync(long accountId, string findSql, object parameters, int purged, CancellationToken cancellationToken)
    {
        var erased = new Erased();
        while (true)
        {
            var account = await _accounts.FindAsync(accountId, cancellationToken) ?? throw new UnknownAccountException(accountId);
            await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
            var found = (await connection.QueryAsync<Found>(new CommandDefinition(findSql, parameters, commandTimeout: 300, cancellationToken: cancellationToken))).ToList();
            if (found.Count == 0) break;
            await EraseAsync(connection, account, FirstDays(found, account), erased, cancellationToken);
        }

        Log.EventsErased(_logger, accountId, erased.Events, erased.Rebuilt.Count, erased.Adjusted.Count);
        return new EraseResult(erased.Events, [.. erased.Rebuilt], [.. erased.Adjusted], [.. erased.Untouched], purged, Remembered: 0);
    }

    /// <summary>
    /// Waits for those that are applying the account's events; those that come later find the ids. Answers how many of them had
    /// been purged.
    /// </summary>
    private async Task<int> RememberAsync(long accountId, Guid[] ids, CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("SELECT pg_advisory_xact_lock(@key)", new { key = AdvisoryLocks.Account(accountId) }, cancellationToken: cancellationToken));
        var purged = await connection.ExecuteScalarAsync<int>(new CommandDefinition(EraseSql.CountPurged, new { account_id = accountId, ids }, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition(EraseSql.Remember, new { account_id = accountId, ids, now = _clock.GetCurrentInstant() }, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return purged;
    }

    /// <summary>The ids to begin with, and their days.</summary>
    private static (Guid[] Ids, List<LocalDay> Days) FirstDays(List<Found> found, Account account)
    {
        if (account.Zone is not { } zone) return ([.. found.Select(one => one.Id)], []);
        var byDay = found.GroupBy(one => LocalDay.Containing(one.CreatedAt, zone)).Take(DaysAtOnce).ToList();
        return ([.. byDay.SelectMany(day => day.Select(one => one.Id))], [.. byDay.Select(day => day.Key)]);
    }

    /// <summary>One transaction. It does nothing if the account's zone changed meanwhile; the caller looks again.</summary>
    private async Task EraseAsync(NpgsqlConnection connection, Account account, (Guid[] Ids, List<LocalDay> Days) target, Erased erased, CancellationToken cancellationToken)
    {
        var now = _clock.GetCurrentInstant();
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var locks = new NpgsqlBatch(connection, transaction))
        {
            locks.BatchCommands.Add(ApplySql.LockCommand([AdvisoryLocks.Account(account.Id)], target.Days.Select(day => AdvisoryLocks.Day(account.Id, day.Date))));
            await locks.ExecuteNonQueryAsync(cancellationToken);
        }

        if (!await AccountDirectory.AreCurrentAsync(connection, [account], cancellationToken)) return;

        var events = (await connection.QueryAsync<ReportingEvent>(Command(EraseSql.Erase, new { account_id = account.Id, ids = target.Ids, now }))).ToList();
        var frozen = (await connection.QueryAsync<RollupDay>(Command(
            EraseSql.FrozenDays, new { account_id = account.Id, dates = target.Days.Select(day => day.Date.ToDateOnly()).ToArray() }))).ToDictionary(row => row.Date);
        var rebuilt = target.Days.Where(day => !frozen.ContainsKey(day.Date)).ToList();
        var adjusted = target.Days.Where(day => frozen.TryGetValue(day.Date, out var row) && TimeZones.AreSame(row.Timezone, account.ReportingTimezone)).ToList();
        await RebuildAsync(connection, transaction, account, rebuilt, now, cancellationToken);
        await AdjustAsync(connection, transaction, account, [.. events.Where(one => adjusted.Exists(day => day.Contains(one.CreatedAt)))], now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        erased.Events += events.Count;
        erased.Rebuilt.UnionWith(rebuilt.Select(day => day.Date));
        erased.Adjusted.UnionWith(adjusted.Select(day => day.Date));
        erased.Untouched.UnionWith(frozen.Keys.Except(adjusted.Select(day => day.Date)));

        CommandDefinition Command(string sql, object parameters) => new(sql, parameters, transaction, cancellationToken: cancellationToken);
    }

    // Forced: a day that lost its last event must become empty, and not be kept for having no events.
    private static async Task RebuildAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Account account, List<LocalDay> days, Instant now, CancellationToken cancellationToken)
    {
        if (days.Count == 0) return;
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(DaySql.RebuildCommand([.. days.Select(day => DayRebuild.Of(new DayTarget(account.Id, day.Date, Forced: true), account, null))], now));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task AdjustAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Account account, IReadOnlyList<ReportingEvent> events, Instant now, CancellationToken cancellationToken)
    {
        if (events.Count == 0) return;
        var amounts = EventBatch.Of(events, new Dictionary<long, Account> { [account.Id] = account });
        var at = new NpgsqlParameter<DateTime>("now", NpgsqlDbType.TimestampTz) { TypedValue = now.ToDateTimeUtc() };
        var dates = Column("dates", amounts.Days, day => day.Key.Date.ToDateOnly(), NpgsqlDbType.Date);
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(EraseSql.Subtract)
        {
            Parameters =
            {
                AccountId(), at.Clone(),
                Column("row_dates", amounts.Rows, row => row.Key.Date.ToDateOnly(), NpgsqlDbType.Date),
                Column("dimension_types", amounts.Rows, row => row.Key.DimensionType, NpgsqlDbType.Text),
                Column("dimension_ids", amounts.Rows, row => row.Key.DimensionId, NpgsqlDbType.Bigint),
                Column("metrics", amounts.Rows, row => row.Key.Metric, NpgsqlDbType.Text),
                Column("counts", amounts.Rows, row => row.Value.Count, NpgsqlDbType.Bigint),
                Column("sums", amounts.Rows, row => row.Value.Sum, NpgsqlDbType.Numeric),
                Column("business_sums", amounts.Rows, row => row.Value.BusinessSum, NpgsqlDbType.Numeric),
                new NpgsqlParameter<string>("handoff_metric", EventMetricRegistry.For(EventMetricRegistry.BotHandoff).Single().Metric),
                Column("handoff_dates", amounts.Handoffs, handoff => handoff.Day.Date.ToDateOnly(), NpgsqlDbType.Date),
                Column("handoff_dimension_types", amounts.Handoffs, handoff => handoff.DimensionType, NpgsqlDbType.Text),
                Column("handoff_dimension_ids", amounts.Handoffs, handoff => handoff.DimensionId, NpgsqlDbType.Bigint),
                Column("handoff_conversation_ids", amounts.Handoffs, handoff => handoff.ConversationId, NpgsqlDbType.Bigint),
                Column("handoff_day_starts", amounts.Handoffs, handoff => handoff.Day.Start.ToDateTimeUtc(), NpgsqlDbType.TimestampTz),
                Column("handoff_day_ends", amounts.Handoffs, handoff => handoff.Day.End.ToDateTimeUtc(), NpgsqlDbType.TimestampTz),
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(EraseSql.RemoveEmpty) { Parameters = { AccountId(), dates } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(EraseSql.CountDown)
        {
            Parameters = { AccountId(), at, dates.Clone(), Column("event_counts", amounts.Days, day => day.Value, NpgsqlDbType.Bigint) },
        });
        await batch.ExecuteNonQueryAsync(cancellationToken);

        NpgsqlParameter AccountId() => new NpgsqlParameter<long>("account_id", account.Id);
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

        public SortedSet<LocalDate> Adjusted { get; } = [];

        public SortedSet<LocalDate> Untouched { get; } = [];
    }
}
