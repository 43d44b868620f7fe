using Dapper;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Scheduling;

namespace Tally.Reporting.Backfill;

/// <summary>Requests on record: made, watched, cancelled and resumed. Every step may be repeated without harm.</summary>
internal sealed class BackfillRequests(NpgsqlDataSource dataSource, AccountStore accounts, IClock clock)
{
    /// <summary>Records a request. It starts when its message is put on <see cref="QueueNames.ReportingBackfills"/>.</summary>
    public async Task<BackfillRequest> RequestAsync(BackfillPlan plan, string reason = "", bool dropsBases = false, CancellationToken cancellationToken = default)
    {
        var request = new BackfillRequest
        {
            Id = Guid.CreateVersion7(clock.GetCurrentInstant().ToDateTimeOffset()),
            AccountId = plan.Account.Id,
            FromDate = plan.From ?? throw new ArgumentException(plan.Nothing, nameof(plan)),
            ToDate = plan.To ?? throw new ArgumentException(plan.Nothing, nameof(plan)),
            DaysTotal = plan.DayCount,
            DropsBases = dropsBases,
            Reason = reason,
            RequestedAt = clock.GetCurrentInstant(),
        };
        await ExecuteAsync(BackfillSql.Insert, BackfillSql.Parameters(request), cancellationToken);
        return request;
    }

    /// <summary>The progress of the requests of one account, or of all, newest first.</summary>
    /// <param name="accountId">Whose; null for all.</param>
    /// <param name="limit">How many at most; null for all.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public Task<IReadOnlyList<BackfillProgress>> GetProgressAsync(long? accountId = null, int? limit = null, CancellationToken cancellationToken = default) =>
        QueryProgressAsync(accountId, null, limit, cancellationToken);

    /// <summary>The progress of one request.</summary>
    /// <exception cref="UnknownBackfillException">There is no such request.</exception>
    public async Task<BackfillProgress> GetAsync(Guid requestId, CancellationToken cancellationToken = default) =>
        (await QueryProgressAsync(null, requestId, null, cancellationToken)) is [var progress] ? progress : throw new UnknownBackfillException(requestId);

    /// <summary>Stops a request: days that are not done yet stay as they are.</summary>
    /// <exception cref="UnknownBackfillException">There is no such request.</exception>
    public Task CancelAsync(Guid requestId, CancellationToken cancellationToken = default) => SetCancelledAsync(requestId, clock.GetCurrentInstant(), cancellationToken);

    /// <summary>Takes a request up again. Returns the messages that cover the days still to come, newest first.</summary>
    /// <exception cref="UnknownBackfillException">There is no such request.</exception>
    public async Task<IReadOnlyList<BackfillMessage>> ResumeAsync(Guid requestId, CancellationToken cancellationToken = default)
    {
        return await PendingAsync(await SetCancelledAsync(requestId, null, cancellationToken), cancellationToken);
    }

    /// <summary>The messages that cover the request's days still to come, newest first.</summary>
    public async Task<IReadOnlyList<BackfillMessage>> PendingAsync(BackfillRequest request, CancellationToken cancellationToken) =>
        [.. Stretches(await PendingDaysAsync(request, request.FromDate, request.ToDate, cancellationToken)).Reverse().Select(dates => request.ToMessage(dates[0], dates[^1]))];

    /// <summary>The request; null if there is none.</summary>
    public async Task<BackfillRequest?> FindAsync(Guid requestId, CancellationToken cancellationToken)
    {
        return (await QueryAsync<BackfillRequest>(BackfillSql.Find, new { id = requestId }, cancellationToken)).SingleOrDefault();
    }

    /// <summary>Records the request of a message that came without one, under the id that the message gives it.</summary>
    public async Task<BackfillRequest> EnsureAsync(Guid id, BackfillPlan plan, CancellationToken cancellationToken)
    {
        var request = new BackfillRequest
        {
            Id = id,
            AccountId = plan.Account.Id,
            FromDate = plan.From!.Value,
            ToDate = plan.To!.Value,
            DaysTotal = plan.DayCount,
            Reason = "message",
            RequestedAt = clock.GetCurrentInstant(),
        };
        await ExecuteAsync(BackfillSql.Insert, BackfillSql.Parameters(request), cancellationToken);
        // Its message is the one at hand.
        await MarkQueuedAsync(id, cancellationToken);
        return (await FindAsync(id, cancellationToken))!;
    }

    /// <summary>Notes that the request's messages are on their queue, or that its days are done without.</summary>
    public async Task MarkQueuedAsync(Guid requestId, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteWithinAsync(TimeBoxes.Uncancelled, BackfillSql.MarkQueued, new { id = requestId, now = clock.GetCurrentInstant() }, cancellationToken);
    }

    /// <summary>The days of the range that hold something and are not done, ascending. If the request has none left, it is done.</summary>
    public async Task<IReadOnlyList<LocalDate>> PendingDaysAsync(BackfillRequest request, LocalDate from, LocalDate to, CancellationToken cancellationToken)
    {
        var done = await DoneDaysAsync(request, cancellationToken);
        List<LocalDate> pending = [.. (await DaysAsync(request, from, to, cancellationToken)).Where(date => !done.Contains(date))];
        var isWhole = from == request.FromDate && to == request.ToDate;
        if (isWhole && done.Count + pending.Count != request.DaysTotal)
            await ExecuteAsync(BackfillSql.SetTotal, new { id = request.Id, days_total = done.Count + pending.Count }, cancellationToken);

        return pending;
    }

    private async Task<IReadOnlyList<BackfillProgress>> QueryProgressAsync(long? accountId, Guid? requestId, int? limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<BackfillRequest, BackfillCounts, BackfillProgress>(
            new CommandDefinition(BackfillSql.Progress, new { account_id = accountId, id = requestId, limit }, cancellationToken: cancellationToken),
            (request, counts) => new BackfillProgress
            {
                Request = request,
                DaysDone = counts.DaysDone,
                DaysKept = counts.DaysKept,
                DaysFailed = counts.DaysFailed,
                LastError = counts.LastError,
                LastFinishedAt = counts.LastFinishedAt,
            },
            splitOn: "days_done")];
    }

    private async Task<BackfillRequest> SetCancelledAsync(Guid requestId, Instant? at, CancellationToken cancellationToken) =>
        (await QueryAsync<BackfillRequest>(BackfillSql.SetCancelled, new { id = requestId, cancelled_at = at }, cancellationToken)).SingleOrDefault()
        ?? throw new UnknownBackfillException(requestId);

    private async Task<HashSet<LocalDate>> DoneDaysAsync(BackfillRequest request, CancellationToken cancellationToken) =>
        [.. await QueryAsync<LocalDate>(BackfillSql.DoneDays, new { account_id = request.AccountId, request_id = request.Id }, cancellationToken)];

    /// <summary>The days of the range that have events, rollups or a state, ascending.</summary>
    private async Task<IReadOnlyList<LocalDate>> DaysAsync(BackfillRequest request, LocalDate from, LocalDate to, CancellationToken cancellationToken)
    {
        // It was erased: there is nothing left to rebuild.
        if (await accounts.FindAsync(request.AccountId, cancellationToken) is not { } account) return [];
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(OutageRetry.StatementTimeout, cancellationToken);
        return await DaysOnRecord.FindAsync(connection, account.Id, account.Zone ?? throw new MissingTimeZoneException(account), from, to, OutageRetry.StatementTimeout, cancellationToken);
    }

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QueryWithinAsync<T>(OutageRetry.StatementTimeout, sql, parameters, cancellationToken);
    }

    private async Task ExecuteAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteWithinAsync(OutageRetry.StatementTimeout, sql, parameters, cancellationToken);
    }

    /// <summary>The days in stretches without gaps.</summary>
    internal static IEnumerable<IReadOnlyList<LocalDate>> Stretches(IReadOnlyList<LocalDate> ascending)
    {
        for (var start = 0; start < ascending.Count;)
        {
            var end = start + 1;
            while (end < ascending.Count && ascending[end] == ascending[end - 1].PlusDays(1)) end++;
            yield return [.. ascending.Skip(start).Take(end - start)];
            start = end;
        }
    }

    private sealed record BackfillCounts
    {
        public required int DaysDone { get; init; }

        public required int DaysKept { get; init; }

        public required int DaysFailed { get; init; }

        public string? LastError { get; init; }

        public Instant? LastFinishedAt { get; init; }
    }

}

/// <summary>No backfill request has this id.</summary>
internal sealed class UnknownBackfillException(Guid id) : OperatorException($"There is no backfill request {id}. 'tally rollups progress' lists them.");
