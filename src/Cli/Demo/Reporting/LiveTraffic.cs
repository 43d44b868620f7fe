using System.Text.Json;
using NodaTime.Text;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Cli.Demo.Reporting;

/// <summary>Puts events on the queue as a producer would that is not sure whether the first try arrived: every tenth twice.</summary>
internal sealed class LiveTraffic(DemoWorld world, IReadOnlyList<ReportingEvent> events)
{
    private const int Senders = 8;

    // Most messages hold one event; a producer that falls behind sends some together.
    private static readonly int[] Sizes = [1, 1, 1, 1, 16];

    /// <summary>Events put, those that were put twice counted twice.</summary>
    public int Sent => events.Count + SentTwice;

    public int SentTwice => events.Count / 10;

    public async Task SendAsync(CancellationToken cancellationToken)
    {
        var queue = world.Session.Queues.GetQueue(QueueNames.ReportingEvents);
        await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await Parallel.ForEachAsync(Messages(), new ParallelOptions { MaxDegreeOfParallelism = Senders, CancellationToken = cancellationToken }, async (message, token) =>
            await queue.SendMessageAsync(message, cancellationToken: token));
    }

    private IEnumerable<string> Messages()
    {
        var all = events.SelectMany((one, index) => Enumerable.Repeat(one, (index + 1) % 10 == 0 ? 2 : 1)).Select(Json).ToList();
        var start = 0;
        for (var number = 0; start < all.Count; number++)
        {
            var size = Math.Min(Sizes[number % Sizes.Length], all.Count - start);
            yield return size == 1 ? all[start] : $"[{string.Join(',', all.GetRange(start, size))}]";
            start += size;
        }
    }

    private static string Json(ReportingEvent one) => JsonSerializer.Serialize(new
    {
        id = one.Id,
        accountId = one.AccountId,
        name = one.Name,
        value = one.Value,
        valueInBusinessHours = one.ValueInBusinessHours,
        userId = one.UserId,
        inboxId = one.InboxId,
        conversationId = one.ConversationId,
        eventEndTime = one.EventEndTime is { } end ? InstantPattern.ExtendedIso.Format(end) : null,
        createdAt = InstantPattern.ExtendedIso.Format(one.CreatedAt),
    });
}
