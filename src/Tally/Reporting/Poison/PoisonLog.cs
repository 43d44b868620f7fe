using NodaTime;
using Npgsql;
using Tally.Database;

namespace Tally.Reporting.Poison;

/// <summary>Messages that failed their last try, on record until they are dealt with: the poison queue's own copy lives seven days.</summary>
/// <param name="dataSource">The database.</param>
/// <param name="clock">Says when.</param>
internal sealed class PoisonLog(NpgsqlDataSource dataSource, IClock clock)
{
    private const int MaxReason = 2_000;
    private const int RowsAtOnce = 1_000;

    // Few rows by key; a last try must not outlast its function for it.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    // The host puts a message into its poison queue with the service's default life.
    private static readonly Duration CopyLife = Duration.FromDays(7);

    // Redriven ones are of use for a look back; the others for as long as anybody may come to mend them.
    private static readonly Duration RedrivenFor = Duration.FromDays(30);
    private static readonly Duration LeftFor = Duration.FromDays(365);

    /// <summary>Puts a message on record, or its latest reason; what was erased of it is left out.</summary>
    internal async Task RecordAsync(string queue, string messageId, byte[] body, long tries, string reason, CancellationToken cancellationToken)
    {
        if (await WithoutErasedAsync(body, cancellationToken) is not { } text) return;
        await ExecuteAsync(
            PoisonSql.Record,
            new { queue, message_id = messageId, body = text, tries, reason = Shorten(reason), now = clock.GetCurrentInstant(), account_ids = PoisonText.AccountIds(text) },
            cancellationToken);
    }

    /// <summary>
    /// Puts a message of the poison queue on record, the <paramref name="nth"/> of the same text, unless as many are there; what was
    /// erased of it is left out.
    /// </summary>
    /// <returns>Whether it is new on record.</returns>
    internal async Task<bool> RecordCopyAsync(string queue, PoisonCopy copy, int nth, string reason, CancellationToken cancellationToken) =>
        await WithoutErasedAsync(copy.Body, cancellationToken) is { } body
        && await ExecuteAsync(
            PoisonSql.RecordCopy,
            new { queue, message_id = copy.MessageId, body, nth, reason, failed_at = copy.InsertedAt, account_ids = PoisonText.AccountIds(body) },
            cancellationToken) > 0;

    /// <summary>Takes a message off the record: its last try succeeded after all.</summary>
    internal Task RemoveAsync(string queue, string messageId, CancellationToken cancellationToken) =>
        ExecuteAsync(PoisonSql.Remove, new { queue, message_id = messageId }, cancellationToken);

    /// <summary>Messages of the queue that nobody has dealt with, the oldest first, of those that failed up to <paramref name="until"/>.</summary>
    public async Task<IReadOnlyList<PoisonMessage>> LeftAsync(string queue, Instant until, int limit = RowsAtOnce, CancellationToken cancellationToken = default) =>
        await QueryAsync<PoisonMessage>(PoisonSql.Left, new { queue, until, limit }, cancellationToken);

    /// <summary>Why messages failed that nobody has dealt with: the last few of each queue, the newest first.</summary>
    internal Task<IReadOnlyList<PoisonReason>> NewestAsync(int limit, CancellationToken cancellationToken) =>
        QueryAsync<PoisonReason>(PoisonSql.Newest, new { queues = QueueNames.All.ToArray(), limit }, cancellationToken);

    /// <summary>How many nobody has dealt with, by queue.</summary>
    public Task<IReadOnlyDictionary<string, long>> CountLeftAsync(CancellationToken cancellationToken = default) => CountLeftAsync(NodaConstants.UnixEpoch, cancellationToken);

    /// <summary>How many of them can still have their copy in the poison queue, by queue.</summary>
    internal Task<IReadOnlyDictionary<string, long>> CountLeftInQueueAsync(CancellationToken cancellationToken) =>
        CountLeftAsync(clock.GetCurrentInstant() - CopyLife, cancellationToken);

    /// <summary>Why a message with this text failed; null if none is on record.</summary>
    public async Task<string?> ReasonOfAsync(string queue, byte[] body, CancellationToken cancellationToken = default) =>
        (await QueryAsync<string>(PoisonSql.ReasonOf, new { queue, body }, cancellationToken)).SingleOrDefault();

    /// <summary>Notes that a message was put on its queue again.</summary>
    public Task MarkRedrivenAsync(PoisonMessage message, CancellationToken cancellationToken = default) =>
        ExecuteAsync(PoisonSql.Mark, new { queue = message.Queue, message_id = message.MessageId, now = clock.GetCurrentInstant() }, cancellationToken);

    /// <summary>Notes that a message with this text, which the poison queue held, was put on its queue again.</summary>
    public Task MarkRedrivenAsync(string queue, byte[] body, CancellationToken cancellationToken = default) =>
        ExecuteAsync(PoisonSql.MarkCopy, new { queue, body, now = clock.GetCurrentInstant() }, cancellationToken);

    /// <summary>Forgets what is left of a queue, for an operator who does not want it.</summary>
    public Task<int> PurgeAsync(string queue, CancellationToken cancellationToken = default) =>
        ExecuteAsync(PoisonSql.RemoveLeft, new { queue, until = clock.GetCurrentInstant() }, cancellationToken);

    /// <summary>Forgets messages that were redriven 30 days ago, and those with which nobody has dealt for a year.</summary>
    internal Task<int> ForgetAsync(int limit, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        return ExecuteAsync(PoisonSql.Forget, new { redriven_before = now - RedrivenFor, failed_before = now - LeftFor, limit }, cancellationToken);
    }

    /// <summary>Erases the account's events from the texts, those that <paramref name="isErased"/> names; the others of a message stay.</summary>
    /// <returns>How many messages were removed or shortened.</returns>
    internal async Task<int> EraseAsync(long accountId, Func<PoisonEvent, bool> isErased, CancellationToken cancellationToken)
    {
        var changed = 0;
        var (queue, id) = ("", "");
        while (true)
        {
            var rows = await QueryAsync<(string Queue, string MessageId, byte[] Body)>(
                PoisonSql.OfAccount, new { account_id = accountId, after_queue = queue, after_id = id, limit = RowsAtOnce }, cancellationToken);
            foreach (var row in rows)
            {
                (queue, id) = (row.Queue, row.MessageId);
                var left = PoisonText.Without(row.Body, accountId, isErased);
                if (left is null) changed += await ExecuteAsync(PoisonSql.Remove, new { queue, message_id = id }, cancellationToken);
                else if (!left.AsSpan().SequenceEqual(row.Body)) changed += await ExecuteAsync(
                    PoisonSql.Rewrite, new { queue, message_id = id, body = left, account_ids = PoisonText.AccountIds(left), reason = "Shortened: some of its events were erased." }, cancellationToken);
            }

            if (rows.Count < RowsAtOnce) return changed;
        }
    }

    private async Task<IReadOnlyDictionary<string, long>> CountLeftAsync(Instant since, CancellationToken cancellationToken) =>
        (await QueryAsync<(string Queue, long Count)>(PoisonSql.CountLeft, new { since }, cancellationToken)).ToDictionary(row => row.Queue, row => row.Count);

    private async Task<byte[]?> WithoutErasedAsync(byte[] body, CancellationToken cancellationToken)
    {
        var events = PoisonText.Events(body);
        if (events.Count == 0) return body;
        var erased = await QueryAsync<int>(
            PoisonSql.Erased,
            new
            {
                account_ids = events.Select(one => one.AccountId).ToArray(),
                ids = events.Select(one => one.Id).ToArray(),
                conversation_ids = events.Select(one => one.ConversationId).ToArray(),
                created_ats = events.Select(one => one.CreatedAt).ToArray(),
            },
            cancellationToken);
        return PoisonText.Without(body, erased.ToHashSet());
    }

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QueryWithinAsync<T>(Timeout, sql, parameters, cancellationToken);
    }

    private async Task<int> ExecuteAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteWithinAsync(Timeout, sql, parameters, cancellationToken);
    }

    // A text of PostgreSQL holds no NUL.
    private static string Shorten(string reason)
    {
        var text = reason.Replace('\0', ' ');
        return text.Length <= MaxReason ? text : text[..MaxReason];
    }
}
