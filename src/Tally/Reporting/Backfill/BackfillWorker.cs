using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Backfill;

/// <summary>Rebuilds the days of backfills, and keeps on record which could not be.</summary>
public sealed class BackfillWorker
{
    private static readonly TimeSpan RecordingTimeout = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _dataSource;
    private readonly BackfillRequests _requests;
    private readonly DayRebuilder _rebuilder;
    private readonly OutageRetry _retry;
    private readonly IClock _clock;
    private readonly ILogger<BackfillWorker> _logger;

    internal BackfillWorker(NpgsqlDataSource dataSource, BackfillRequests requests, DayRebuilder rebuilder, OutageRetry retry, IClock clock, ILogger<BackfillWorker> logger)
    {
        _dataSource = dataSource;
        _requests = requests;
        _rebuilder = rebuilder;
        _retry = retry;
        _clock = clock;
        _logger = logger;
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
        foreach (var date in Enumerable.Reverse(await _requests.PendingDaysAsync(request, request.FromDate, request.ToDate, cancellationToken)))
        {
            var target = new DayTarget(request.AccountId, date, request.Id);
            yield return (date, await RebuildAsync(target, token => _rebuilder.RebuildAsync(target, token), cancellationToken));
        }
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
}
