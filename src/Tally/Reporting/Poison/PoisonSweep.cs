using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Tally.Scheduling;

namespace Tally.Reporting.Poison;

/// <summary>
/// Puts on record what is in a poison queue and not on it: a text that is no base64, which the host moves there without calling
/// the app, and a message whose last try could not be recorded. The queue itself forgets it after seven days.
/// </summary>
internal sealed class PoisonSweep(PoisonLog record, IPoisonQueues queues, ILogger<PoisonSweep> logger)
{
    private const string NoBase64 = "The text is not base64, so the host did not give it to the app: send it again in base64, as 'tally events send' does. Redriven from the record, it is.";
    private const string NoRecord = "Its last try is on no record: the database did not take it then, or another program put the message here. The log of that time says more.";

    /// <summary>Looks through every poison queue that holds more messages than are on record, as far as there is time.</summary>
    /// <returns>How many messages came on record.</returns>
    public async Task<int> RunAsync(RuntimeLimiter limiter, CancellationToken cancellationToken)
    {
        // A record whose copy the queue has forgotten must not hide a new message.
        var left = await record.CountLeftInQueueAsync(cancellationToken);
        var recorded = 0;
        foreach (var queue in QueueNames.All)
        {
            if (await queues.CountAsync(queue, cancellationToken) > left.GetValueOrDefault(queue)) recorded += await SweepAsync(queue, cancellationToken);
            if (limiter.IsOverTime()) break;
        }

        if (recorded > 0) Log.PoisonSwept(logger, recorded);
        return recorded;
    }

    // The same text may be there twice, and then is on record twice: a record knows its message's id, and not that of the copy.
    private async Task<int> SweepAsync(string queue, CancellationToken cancellationToken)
    {
        var seen = new Dictionary<string, int>();
        var recorded = 0;
        await foreach (var copy in queues.ReadAsync(queue, cancellationToken))
        {
            var text = Convert.ToHexString(SHA256.HashData(copy.Body));
            seen[text] = seen.GetValueOrDefault(text) + 1;
            if (await record.RecordCopyAsync(queue, copy, seen[text], copy.IsBase64 ? NoRecord : NoBase64, cancellationToken)) recorded++;
        }

        return recorded;
    }
}
