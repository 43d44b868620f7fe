using Dapper;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using Tally.Scheduling;

namespace Tally.Reporting.Backfill;

/// <summary>
/// Backfill requests: planned, split into days, rebuilt day by day, watched, cancelled and resumed. Every step may
/// be repeated without harm.
/// </summary>
public sealed class Backfills
{
    private static readonly TimeSpan RecordingTimeout = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _dataSource;
    private readonly AccountStore _accounts;
    private readonly DayRebuilder _rebuilder;
    private readonly OutageRetry _retry;
    private readonly IClock _clock;
    private readonly ILogger<Backfills> _logger;

    internal Backfills(NpgsqlDataSource dataSource, AccountStore accounts, DayRebuilder rebuilder, OutageRetry retry, IClock clock, ILogger<Backfills> logger)
    {
        _dataSource = dataSource;
        _accounts = accounts;
        _rebuilder = rebuilder;
        _retry = retry;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>What a backfill of these days would do; by default from the first event's day to yesterday. Writes nothing.</summary>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    /// <exception cref="MissingTimeZoneException">The account has no reporting timezone.</exception>
    /// <exception cref="BackfillRangeException">The days lie before 2000 or after today, or are more than twenty years.</exception>
    internal async Task<BackfillPlan> PlanAsync(long accountId, LocalDate? from = null, LocalDate? to = null, CancellationToken cancellationToken = default)
    {
        var account = await _accounts.FindAsync(accountId, cancellationToken) ?? throw new UnknownAccountException(accountId);
        var zone = account.Zone ?? throw new MissingTimeZoneException(account);
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(OutageRetry.StatementTimeout, cancellationToken);
        var (first, last) = await connection.QuerySingleAsync<(Instant?, Instant?)>(new CommandDefinition(
            BackfillSql.EventRange, new { account_id = accountId }, transaction, cancellationToken: cancellationToken));

        var today = LocalDay.Containing(_clock.GetCurrentInstant(), zone).Date;
        LocalDate? firstDay = first is { } earliest ? LocalDay.Containing(earliest, zone).Date : null;
        BackfillLimits.CheckDates(from, to, firstDay, today);
        var yesterday = today.PlusDays(-1);
        var plan = new BackfillPlan { Account = account, FirstEvent = first, LastEvent = last, Yesterday = yesterday };
        if (first is null && (from is null || to is null)) return plan with { Nothing = $"No reporting events found for account {accountId}" };

        var start = from ?? firstDay!.Value;
        var end = to ?? LocalDate.Min(LocalDay.Containing(last!.Value, zone).Date, yesterday);
        if (start <= end)
        {
            var dates = await DaysOnRecord.FindAsync(connection, accountId, zone, start, end, OutageRetry.StatementTimeout, cancellationToken);
            return dates.Count > 0
                ? plan with { From = start, To = end, DayCount = dates.Count }
                : plan with { Nothing = $"No day from {start.ToDateOnly():yyyy-MM-dd} to {end.ToDateOnly():yyyy-MM-dd} has events or rollups" };
        }

        return plan with
        {
            Nothing = from is null && to is null
                ? "No closed days available to backfill in the default range"
                : $"The range from {start.ToDateOnly():yyyy-MM-dd} to {end.ToDateOnly():yyyy-MM-dd} has no day",
        };
    }

    /// <summary>Records a request. It starts when its message is put on <see cref="QueueNames.ReportingBackfills"/>.</summary>
    internal async Task<BackfillRequest> RequestAsync(BackfillPlan plan, string reason = "", bool dropsBases = false, CancellationToken cancellationToken = default)
    {
        var request = new BackfillRequest
        {
            Id = Guid.CreateVersion7(_clock.GetCurrentInstant().ToDateTimeOffset()),
            AccountId = plan.Account.Id,
            FromDate = plan.From ?? throw new ArgumentException(plan.Nothing, nameof(plan)),
            ToDate = plan.To ?? throw new ArgumentException(plan.Nothing, nameof(plan)),
            DaysTotal = plan.DayCount,
            DropsBases = dropsBases,
            Reason = reason,
            RequestedAt = _clock.GetCurrentInstant(),
        };
        await ExecuteAsync(BackfillSql.Insert, BackfillSql.Parameters(request), cancellationToken);
        return request;
    }

    /// <summary>
    /// Splits a message's range: into two halves if it is long, else into its days. What is newer comes first, so that
    /// recent days are right soonest.
    /// </summary>
    /// <exception cref="InvalidMessageException">The text is no such message, its days are out of bounds, or its request is not its own.</exception>
    internal async Task<BackfillFanOut> FanOutAsync(ReadOnlyMemory<byte> body, string messageId, CancellationToken cancellationToken = default)
    {
        var message = BackfillMessage.Read(body, messageId);
        try
        {
            return await _retry.RunAsync(token => FanOutAsync(message, messageId, token), cancellationToken);
        }
        catch (UnknownAccountException exception)
        {
            // It was erased: there is nothing left to rebuild.
            Log.BackfillEmpty(_logger, message.RequestId ?? RequestIdOf(messageId), message.AccountId, exception.Message);
            return BackfillFanOut.Empty;
        }
        catch (BackfillRangeException exception)
        {
            throw new InvalidMessageException(messageId, exception.Problem, exception);
        }
    }

    /// <summary>Rebuilds a message's day. A failure is recorded with the request, and thrown.</summary>
    /// <exception cref="InvalidMessageException">The text is no such message.</exception>
    internal async Task<RebuildOutcome> RebuildAsync(ReadOnlyMemory<byte> body, string messageId, CancellationToken cancellationToken = default)
    {
        var message = BackfillDayMessage.Read(body, messageId);
        var target = new DayTarget(message.AccountId, LocalDate.FromDateOnly(message.Date), message.RequestId);
        return await RebuildAsync(target, token => _retry.RunAsync(inner => _rebuilder.RebuildAsync(target, inner), token), cancellationToken);
    }

    /// <summary>Rebuilds the request's days that are still to come in this process, newest first.</summary>
    internal async IAsyncEnumerable<(LocalDate Date, RebuildOutcome Outcome)> RebuildInlineAsync(
        BackfillRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var date in Enumerable.Reverse(await PendingDaysAsync(request, request.FromDate, request.ToDate, cancellationToken)))
        {
            var target = new DayTarget(request.AccountId, date, request.Id);
            yield return (date, await RebuildAsync(target, token => _rebuilder.RebuildAsync(target, token), cancellationToken));
        }
    }

    /// <summary>The progress of the requests of one account, or of all, newest first.</summary>
    /// <param name="accountId">Whose; null for all.</param>
    /// <param name="limit">How many at most; null for all.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    internal Task<IReadOnlyList<BackfillProgress>> GetProgressAsync(long? accountId = null, int? limit = null, CancellationToken cancellationToken = default) =>
        QueryProgressAsync(accountId, null, limit, cancellationToken);

    /// <summary>The progress of one request.</summary>
    /// <exception cref="UnknownBackfillException">There is no such request.</exception>
    internal async Task<BackfillProgress> GetAsync(Guid requestId, CancellationToken cancellationToken = default) =>
        (await QueryProgressAsync(null, requestId, null, cancellationToken)) is [var progress] ? progress : throw new UnknownBackfillException(requestId);

    /// <summary>Stops a request: days that are not done yet stay as they are.</summary>
    /// <exception cref="UnknownBackfillException">There is no such request.</exception>
    internal Task CancelAsync(Guid requestId, CancellationToken cancellationToken = default) => SetCancelledAsync(requestId, _clock.GetCurrentInstant(), cancellationToken);

    /// <summary>Takes a request up again. Returns the messages that cover the days still to come, newest first.</summary>
    /// <exception cref="UnknownBackfillException">There is no such request.</exception>
    internal async Task<IReadOnlyList<BackfillMessage>> ResumeAsync(Guid requestId, CancellationToken cancellationToken = default)
    {
        return await PendingAsync(await SetCancelledAsync(requestId, null, cancellationToken), cancellationToken);
    }

    /// <summary>The messages that cover the request's days still to come, newest first.</summary>
    internal async Task<IReadOnlyList<BackfillMessage>> PendingAsync(BackfillRequest request, CancellationToken cancellationToken) =>
        [.. Stretches(await PendingDaysAsync(request, request.FromDate, request.ToDate, cancellationToken)).Reverse().Select(dates => request.ToMessage(dates[0], dates[^1]))];

    private async Task<IReadOnlyList<BackfillProgress>> QueryProgressAsync(long? accountId, Guid? requestId, int? limit, CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
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

    private async Task<BackfillFanOut> FanOutAsync(BackfillMessage message, string messageId, CancellationToken cancellationToken)
    {
        var id = message.RequestId ?? RequestIdOf(messageId);
        var (from, to) = (FromDateOnly(message.From), FromDateOnly(message.To));
        if (await FindAsync(id, cancellationToken) is not { } request)
        {
            var plan = await PlanAsync(message.AccountId, from, to, cancellationToken);
            if (plan.Nothing is not null)
            {
                Log.BackfillEmpty(_logger, id, message.AccountId, plan.Nothing);
                return BackfillFanOut.Empty;
            }

            request = await EnsureAsync(id, plan, cancellationToken);
        }

        if (request.AccountId != message.AccountId)
            throw new InvalidMessageException(messageId, $"'requestId' {id} is a request of account {request.AccountId}, and 'accountId' is {message.AccountId}");
        BackfillLimits.CheckWithin(request, from, to);
        if (request.CancelledAt is not null) return BackfillFanOut.Empty;

        var fanOut = BackfillFanOut.Of(request, await PendingDaysAsync(request, from ?? request.FromDate, to ?? request.ToDate, cancellationToken));
        Telemetry.BackfillLag.Record((_clock.GetCurrentInstant() - request.RequestedAt).TotalSeconds);
        Log.BackfillFannedOut(_logger, id, request.AccountId, fanOut.From.ToDateOnly(), fanOut.To.ToDateOnly(), fanOut.Ranges.Count, fanOut.Days.Count);
        return fanOut;
    }

    private async Task<RebuildOutcome> RebuildAsync(DayTarget target, Func<CancellationToken, Task<RebuildOutcome>> rebuild, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await rebuild(cancellationToken);
            if (outcome == RebuildOutcome.Kept) Log.DayKept(_logger, target.AccountId, target.Date.ToDateOnly());
            return outcome;
        }
        catch (UnknownAccountException)
        {
            // It was erased: there is nothing left to rebuild.
            return RebuildOutcome.Cancelled;
        }
        catch (Exception exception) when (target.RequestId is not null && exception is not OperationCanceledException)
        {
            await RecordFailureAsync(target, exception, cancellationToken);
            throw;
        }
    }

    private async Task RecordFailureAsync(DayTarget target, Exception failure, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
            await connection.ExecuteWithinAsync(
                RecordingTimeout,
                BackfillSql.RecordFailure,
                new { account_id = target.AccountId, request_id = target.RequestId, date = target.Date, error = failure.Message, now = _clock.GetCurrentInstant() },
                cancellationToken);
        }
#pragma warning disable CA1031 // What went wrong first is what the caller must hear of.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.FailureNotRecorded(_logger, FormattableString.Invariant($"{target.Date:uuuu-MM-dd} of account {target.AccountId}"), exception);
        }
    }

    private async Task<BackfillRequest?> FindAsync(Guid requestId, CancellationToken cancellationToken)
    {
        return (await QueryAsync<BackfillRequest>(BackfillSql.Find, new { id = requestId }, cancellationToken)).SingleOrDefault();
    }

    private async Task<BackfillRequest> EnsureAsync(Guid id, BackfillPlan plan, CancellationToken cancellationToken)
    {
        var request = new BackfillRequest
        {
            Id = id,
            AccountId = plan.Account.Id,
            FromDate = plan.From!.Value,
            ToDate = plan.To!.Value,
            DaysTotal = plan.DayCount,
            Reason = "message",
            RequestedAt = _clock.GetCurrentInstant(),
        };
        await ExecuteAsync(BackfillSql.Insert, BackfillSql.Parameters(request), cancellationToken);
        // Its message is the one at hand.
        await MarkQueuedAsync(id, cancellationToken);
        return (await FindAsync(id, cancellationToken))!;
    }

    /// <summary>Notes that the request's messages are on their queue, or that its days are done without.</summary>
    internal async Task MarkQueuedAsync(Guid requestId, CancellationToken cancellationToken = default)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteWithinAsync(TimeBoxes.Uncancelled, BackfillSql.MarkQueued, new { id = requestId, now = _clock.GetCurrentInstant() }, cancellationToken);
    }

    private async Task<BackfillRequest> SetCancelledAsync(Guid requestId, Instant? at, CancellationToken cancellationToken) =>
        (await QueryAsync<BackfillRequest>(BackfillSql.SetCancelled, new { id = requestId, cancelled_at = at }, cancellationToken)).SingleOrDefault()
        ?? throw new UnknownBackfillException(requestId);

    /// <summary>The days of the range that hold something and are not done, ascending. If the request has none left, it is done.</summary>
    private async Task<IReadOnlyList<LocalDate>> PendingDaysAsync(BackfillRequest request, LocalDate from, LocalDate to, CancellationToken cancellationToken)
    {
        var done = await DoneDaysAsync(request, cancellationToken);
        List<LocalDate> pending = [.. (await DaysAsync(request, from, to, cancellationToken)).Where(date => !done.Contains(date))];
        var isWhole = from == request.FromDate && to == request.ToDate;
        if (isWhole && done.Count + pending.Count != request.DaysTotal)
            await ExecuteAsync(BackfillSql.SetTotal, new { id = request.Id, days_total = done.Count + pending.Count }, cancellationToken);

        return pending;
    }

    private async Task<HashSet<LocalDate>> DoneDaysAsync(BackfillRequest request, CancellationToken cancellationToken) =>
        [.. await QueryAsync<LocalDate>(BackfillSql.DoneDays, new { account_id = request.AccountId, request_id = request.Id }, cancellationToken)];

    /// <summary>The days of the range that have events, rollups or a state, ascending.</summary>
    private async Task<IReadOnlyList<LocalDate>> DaysAsync(BackfillRequest request, LocalDate from, LocalDate to, CancellationToken cancellationToken)
    {
        // It was erased: there is nothing left to rebuild.
        if (await _accounts.FindAsync(request.AccountId, cancellationToken) is not { } account) return [];
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(OutageRetry.StatementTimeout, cancellationToken);
        return await DaysOnRecord.FindAsync(connection, account.Id, account.Zone ?? throw new MissingTimeZoneException(account), from, to, OutageRetry.StatementTimeout, cancellationToken);
    }

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QueryWithinAsync<T>(OutageRetry.StatementTimeout, sql, parameters, cancellationToken);
    }

    private async Task ExecuteAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
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

    private static LocalDate? FromDateOnly(DateOnly? date) => date is { } value ? LocalDate.FromDateOnly(value) : null;

    // The same message delivered again names the same request.
    private static Guid RequestIdOf(string messageId) => Guid.TryParse(messageId, out var id) ? id : Guid.CreateVersion7();

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
