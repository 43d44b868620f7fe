using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;

namespace Tally.Reporting.Backfill;

/// <summary>Puts the messages of recorded requests on <see cref="QueueNames.ReportingBackfills"/>, and then notes it.</summary>
/// <remarks>
/// A request is recorded in the transaction that calls for it. Whoever dies between that and the note leaves it to be found
/// here again: its messages are put once more, which does no harm.
/// </remarks>
public sealed class BackfillSender
{
    private const int RequestsAtOnce = 100;

    // Who recorded a request is about to put it.
    private static readonly Duration Grace = Duration.FromMinutes(1);

    private readonly NpgsqlDataSource _dataSource;
    private readonly BackfillRequests _requests;
    private readonly IMessageSender _sender;
    private readonly IOptions<ReportingOptions> _options;
    private readonly IClock _clock;

    internal BackfillSender(NpgsqlDataSource dataSource, BackfillRequests requests, IMessageSender sender, IOptions<ReportingOptions> options, IClock clock)
    {
        _dataSource = dataSource;
        _requests = requests;
        _sender = sender;
        _options = options;
        _clock = clock;
    }

    /// <summary>Puts the messages that cover the request's days still to come.</summary>
    /// <exception cref="Exception">The queue service failed; the request is on record and found by <see cref="SendOwedAsync"/>.</exception>
    internal async Task SendAsync(BackfillRequest request, CancellationToken cancellationToken = default)
    {
        foreach (var message in await _requests.PendingAsync(request, cancellationToken))
            await _sender.SendAsync(QueueNames.ReportingBackfills, MessageJson.Serialize(message), cancellationToken);
        await _requests.MarkQueuedAsync(request.Id, CancellationToken.None);
    }

    /// <summary>Puts what is on record and not on the queue, the oldest first.</summary>
    /// <param name="isOverTime">Asked after each request.</param>
    /// <param name="young">Also requests of the last minute, whose recorder may be about to put them.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <returns>How many requests were put.</returns>
    internal async Task<int> SendOwedAsync(Func<bool> isOverTime, bool young = false, CancellationToken cancellationToken = default)
    {
        var before = _clock.GetCurrentInstant() - (young ? Duration.Zero : Grace);
        var sent = 0;
        while (true)
        {
            var owed = await OwedAsync(before, cancellationToken);
            foreach (var request in owed)
            {
                await SendAsync(request, cancellationToken);
                sent++;
                if (isOverTime()) return sent;
            }

            if (owed.Count < RequestsAtOnce) return sent;
        }
    }

    private async Task<IReadOnlyList<BackfillRequest>> OwedAsync(Instant before, CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QueryWithinAsync<BackfillRequest>(
            _options.Value.StatementTimeout, BackfillSql.Unqueued, new { account_id = (long?)null, before, limit = RequestsAtOnce }, cancellationToken);
    }
}
