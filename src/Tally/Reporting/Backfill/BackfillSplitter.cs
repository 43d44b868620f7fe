using Microsoft.Extensions.Logging;
using NodaTime;
using Tally.Database;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Backfill;

/// <summary>Takes a message of the queue <see cref="QueueNames.ReportingBackfills"/> apart.</summary>
public sealed class BackfillSplitter
{
    private readonly BackfillPlanner _planner;
    private readonly BackfillRequests _requests;
    private readonly OutageRetry _retry;
    private readonly IClock _clock;
    private readonly ILogger<BackfillSplitter> _logger;

    internal BackfillSplitter(BackfillPlanner planner, BackfillRequests requests, OutageRetry retry, IClock clock, ILogger<BackfillSplitter> logger) =>
        (_planner, _requests, _retry, _clock, _logger) = (planner, requests, retry, clock, logger);

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

    private async Task<BackfillFanOut> FanOutAsync(BackfillMessage message, string messageId, CancellationToken cancellationToken)
    {
        var id = message.RequestId ?? RequestIdOf(messageId);
        var (from, to) = (FromDateOnly(message.From), FromDateOnly(message.To));
        if (await _requests.FindAsync(id, cancellationToken) is not { } request)
        {
            var plan = await _planner.PlanAsync(message.AccountId, from, to, cancellationToken);
            if (plan.Nothing is not null)
            {
                Log.BackfillEmpty(_logger, id, message.AccountId, plan.Nothing);
                return BackfillFanOut.Empty;
            }

            request = await _requests.EnsureAsync(id, plan, cancellationToken);
        }

        if (request.AccountId != message.AccountId)
            throw new InvalidMessageException(messageId, $"'requestId' {id} is a request of account {request.AccountId}, and 'accountId' is {message.AccountId}");
        BackfillLimits.CheckWithin(request, from, to);
        if (request.CancelledAt is not null) return BackfillFanOut.Empty;

        var fanOut = BackfillFanOut.Of(request, await _requests.PendingDaysAsync(request, from ?? request.FromDate, to ?? request.ToDate, cancellationToken));
        Telemetry.BackfillLag.Record((_clock.GetCurrentInstant() - request.RequestedAt).TotalSeconds);
        Log.BackfillFannedOut(_logger, id, request.AccountId, fanOut.From.ToDateOnly(), fanOut.To.ToDateOnly(), fanOut.Ranges.Count, fanOut.Days.Count);
        return fanOut;
    }

    private static LocalDate? FromDateOnly(DateOnly? date) => date is { } value ? LocalDate.FromDateOnly(value) : null;

    // The same message delivered again names the same request.
    private static Guid RequestIdOf(string messageId) => Guid.TryParse(messageId, out var id) ? id : Guid.CreateVersion7();
}
