using System.Text;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;

namespace Tally.Tests.Reporting;

/// <summary>Messages as the texts that tests write them as; the queue brings bytes.</summary>
internal static class TextMessages
{
    public static T As<T>(string text) => MessageJson.Deserialize<T>(Encoding.UTF8.GetBytes(text));

    public static EventMessage Read(string text) => EventReader.ReadMessage(Encoding.UTF8.GetBytes(text));

    public static Task<ApplyResult> ApplyAsync(this EventMessageProcessor processor, string text, string messageId, CancellationToken cancellationToken = default) =>
        processor.ApplyAsync(Encoding.UTF8.GetBytes(text), messageId, cancellationToken);

    public static Task<BackfillFanOut> FanOutAsync(this BackfillSplitter backfills, string text, string messageId, CancellationToken cancellationToken = default) =>
        backfills.FanOutAsync(Encoding.UTF8.GetBytes(text), messageId, cancellationToken);

    public static Task<RebuildOutcome> RebuildAsync(this BackfillWorker backfills, string text, string messageId, CancellationToken cancellationToken = default) =>
        backfills.RebuildAsync(Encoding.UTF8.GetBytes(text), messageId, cancellationToken);
}
