using Dapper;
using NodaTime;
using Npgsql;
using NpgsqlTypes;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Events;

/// <summary>What an import did.</summary>
/// <param name="Read">Events given.</param>
/// <param name="Inserted">Events that were new.</param>
/// <param name="Conflicts">Events whose id is stored with other contents; the first stays.</param>
/// <param name="Days">Days that got events and wait to be rebuilt.</param>
internal sealed record ImportResult(long Read, long Inserted, long Conflicts, long Days)
{
    /// <summary>Events that were stored before, the same in every field.</summary>
    public long Duplicates => Read - Inserted - Conflicts;
}

/// <summary>
/// Brings history into the raw events with COPY. Importing the same again changes nothing. Rollups are left alone:
/// every day that got an event is marked dirty in the same transaction, and waits for a backfill.
/// </summary>
internal sealed class EventImporter(NpgsqlDataSource dataSource, AccountDirectory directory, IClock clock)
{
    // Read ahead to sort by account and time, so that a transaction touches few days: some 20 MB.
    private const int SortedEvents = 50_000;

    private const int MaxEvents = 10_000;

    // Each takes a lock, of which the server has few.
    private const int MaxDays = 512;

    private static readonly int ClientTimeout = TimedStatement.ClientTimeout(TimedStatement.ByHand);

    private const string CreateStage = """
        /* tally:events.stage */
        CREATE TEMPORARY TABLE stage (
            account_id bigint, id uuid, name text, value numeric, value_in_business_hours numeric, user_id bigint, inbox_id bigint,
            conversation_id bigint, event_start_time timestamptz, event_end_time timestamptz, created_at timestamptz, date date, day_start timestamptz, day_end timestamptz
        ) ON COMMIT DROP
        """;

    private const string Copy = "COPY stage FROM STDIN (FORMAT BINARY)";

    private const string Merge = """
        /* tally:events.import */
        WITH inserted AS (
            INSERT INTO reporting.reporting_events
                (account_id, id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id,
                 event_start_time, event_end_time, created_at)
            SELECT account_id, id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id,
                   event_start_time, event_end_time, created_at
            FROM stage s
            WHERE NOT EXISTS (SELECT FROM reporting.purged_events p WHERE p.account_id = s.account_id AND p.id = s.id)
              AND NOT EXISTS (
                  SELECT FROM reporting.erased_conversations c
                  WHERE c.account_id = s.account_id AND c.conversation_id = s.conversation_id AND c.erased_at >= s.created_at)
            ORDER BY account_id, id
            ON CONFLICT (account_id, id) DO NOTHING
            RETURNING account_id, id
        ),
        touched AS (
            SELECT s.account_id, s.date, s.day_start, s.day_end, count(*) AS events_count
            FROM inserted
            JOIN stage s USING (account_id, id)
            WHERE s.date IS NOT NULL
            GROUP BY s.account_id, s.date, s.day_start, s.day_end
        ),
        marked AS (
            INSERT INTO reporting.reporting_days AS d (account_id, date, day_start, day_end, state, events_count, updated_at)
            SELECT account_id, date, day_start, day_end, 'dirty', events_count, @now FROM touched ORDER BY account_id, date
            ON CONFLICT (account_id, date) DO UPDATE SET
                state = excluded.state, day_start = least(d.day_start, excluded.day_start), day_end = greatest(d.day_end, excluded.day_end),
                events_count = d.events_count + excluded.events_count, updated_at = excluded.updated_at
        )
        SELECT (SELECT count(*) FROM inserted),
               ARRAY(SELECT account_id FROM touched ORDER BY account_id, date), ARRAY(SELECT date FROM touched ORDER BY account_id, date)
        """;

    private const string CountConflicts = """
        /* tally:events.import_conflicts */
        SELECT count(*)
        FROM stage i
        JOIN reporting.reporting_events e USING (account_id, id)
        WHERE (e.name, e.value, e.value_in_business_hours, e.user_id, e.inbox_id, e.conversation_id, e.event_start_time, e.event_end_time, e.created_at)
              IS DISTINCT FROM
              (i.name, i.value, i.value_in_business_hours, i.user_id, i.inbox_id, i.conversation_id, i.event_start_time, i.event_end_time, i.created_at)
        """;

    /// <summary>Imports all events, in transactions of up to 10,000. Of events with the same id the first one counts. What is committed before a failure stays; import again to go on.</summary>
    /// <param name="events">Any order; history sorted by account is fastest.</param>
    /// <param name="progress">Told the events read so far.</param>
    /// <param name="cancellationToken">Stops between transactions.</param>
    /// <exception cref="UnknownAccountException">An event's account does not exist.</exception>
    public async Task<ImportResult> ImportAsync(IAsyncEnumerable<ReportingEvent> events, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        var total = new ImportResult(0, 0, 0, 0);
        var days = new HashSet<(long AccountId, LocalDate Date)>();
        await foreach (var read in events.Chunk(SortedEvents).WithCancellation(cancellationToken))
        {
            var (sorted, duplicates, conflicts) = Sort(read);
            total = total with { Read = total.Read + duplicates + conflicts, Conflicts = total.Conflicts + conflicts };
            for (var start = 0; start < sorted.Count;)
            {
                var chunk = TakeChunk(sorted, start);
                var done = await ImportChunkAsync(chunk, cancellationToken);
                // A day may go on in the next transaction.
                days.UnionWith(done.Days);
                total = new ImportResult(total.Read + chunk.Count, total.Inserted + done.Inserted, total.Conflicts + done.Conflicts, days.Count);
                progress?.Report(total.Read);
                start += chunk.Count;
            }
        }

        return total;
    }

    /// <summary>By account and time. Of events with the same id the first one that was read stays, the others are counted.</summary>
    private static (List<ReportingEvent> Sorted, int Duplicates, int Conflicts) Sort(ReportingEvent[] read)
    {
        var first = new Dictionary<(long, Guid), ReportingEvent>(read.Length);
        int duplicates = 0, conflicts = 0;
        foreach (var one in read)
        {
            if (first.TryAdd((one.AccountId, one.Id), one)) continue;
            if (first[(one.AccountId, one.Id)] == one) duplicates++;
            else conflicts++;
        }

        return ([.. first.Values.OrderBy(one => one.AccountId).ThenBy(one => one.CreatedAt)], duplicates, conflicts);
    }

    private static List<ReportingEvent> TakeChunk(List<ReportingEvent> sorted, int start)
    {
        var days = new HashSet<(long, LocalDate)>();
        var end = start;
        while (end < sorted.Count && end - start < MaxEvents && days.Count < MaxDays)
        {
            days.Add((sorted[end].AccountId, sorted[end].CreatedAt.InUtc().Date));
            end++;
        }

        return sorted.GetRange(start, end - start);
    }

    private async Task<ImportedChunk> ImportChunkAsync(List<ReportingEvent> chunk, CancellationToken cancellationToken)
    {
        while (true)
        {
            var ids = chunk.Select(one => one.AccountId).ToHashSet();
            var accounts = await directory.GetAsync(ids, cancellationToken);
            if (accounts.Count < ids.Count) throw new UnknownAccountException(ids.First(id => !accounts.ContainsKey(id)));
            if (await TryImportAsync(EventBatch.Of(chunk, accounts), cancellationToken) is { } result) return result;
            directory.Forget(ids);
        }
    }

    /// <summary>Null if an account's zone changed since the days were told, and nothing was written.</summary>
    private async Task<ImportedChunk?> TryImportAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(TimedStatement.ByHand, cancellationToken);
        await using (var locks = new NpgsqlBatch(connection, transaction) { Timeout = ClientTimeout })
        {
            locks.BatchCommands.Add(ApplySql.LockCommand(batch));
            await locks.ExecuteNonQueryAsync(cancellationToken);
        }

        if (!await AccountDirectory.AreCurrentAsync(connection, batch.Accounts.Values, cancellationToken)) return null;

        await connection.ExecuteAsync(new CommandDefinition(CreateStage, commandTimeout: ClientTimeout, cancellationToken: cancellationToken));
        await CopyAsync(connection, batch, cancellationToken);
        var (inserted, accountIds, dates) = await connection.QuerySingleAsync<(long, long[], LocalDate[])>(new CommandDefinition(
            Merge, new { now = clock.GetCurrentInstant() }, commandTimeout: ClientTimeout, cancellationToken: cancellationToken));
        var conflicts = inserted == batch.Events.Count
            ? 0
            : await connection.ExecuteScalarAsync<long>(new CommandDefinition(CountConflicts, commandTimeout: ClientTimeout, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return new ImportedChunk(inserted, conflicts, [.. accountIds.Zip(dates)]);
    }

    private static async Task CopyAsync(NpgsqlConnection connection, EventBatch batch, CancellationToken cancellationToken)
    {
        await using var writer = await connection.BeginBinaryImportAsync(Copy, cancellationToken);
        for (var index = 0; index < batch.Events.Count; index++)
        {
            var one = batch.Events[index];
            await writer.StartRowAsync(cancellationToken);
            await writer.WriteAsync(one.AccountId, NpgsqlDbType.Bigint, cancellationToken);
            await writer.WriteAsync(one.Id, NpgsqlDbType.Uuid, cancellationToken);
            await writer.WriteAsync(one.Name, NpgsqlDbType.Text, cancellationToken);
            await WriteAsync(writer, one.Value, NpgsqlDbType.Numeric, cancellationToken);
            await WriteAsync(writer, one.ValueInBusinessHours, NpgsqlDbType.Numeric, cancellationToken);
            await WriteAsync(writer, one.UserId, NpgsqlDbType.Bigint, cancellationToken);
            await WriteAsync(writer, one.InboxId, NpgsqlDbType.Bigint, cancellationToken);
            await WriteAsync(writer, one.ConversationId, NpgsqlDbType.Bigint, cancellationToken);
            await WriteAsync(writer, one.EventStartTime, NpgsqlDbType.TimestampTz, cancellationToken);
            await WriteAsync(writer, one.EventEndTime, NpgsqlDbType.TimestampTz, cancellationToken);
            await writer.WriteAsync(one.CreatedAt, NpgsqlDbType.TimestampTz, cancellationToken);
            await WriteAsync(writer, batch.DayOf[index]?.Date, NpgsqlDbType.Date, cancellationToken);
            await WriteAsync(writer, batch.DayOf[index]?.Start, NpgsqlDbType.TimestampTz, cancellationToken);
            await WriteAsync(writer, batch.DayOf[index]?.End, NpgsqlDbType.TimestampTz, cancellationToken);
        }

        await writer.CompleteAsync(cancellationToken);
    }

    private static Task WriteAsync<T>(NpgsqlBinaryImporter writer, T? value, NpgsqlDbType type, CancellationToken cancellationToken)
        where T : struct =>
        value is { } present ? writer.WriteAsync(present, type, cancellationToken) : writer.WriteNullAsync(cancellationToken);

    private sealed record ImportedChunk(long Inserted, long Conflicts, IReadOnlyList<(long AccountId, LocalDate Date)> Days);
}
