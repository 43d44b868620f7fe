using System.CommandLine;
using LocalRuntime.Queues;
using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Queues;

/// <summary><c>tally queues peek</c></summary>
internal sealed class PeekQueue : TallyCommand
{
    // What a line of a wide terminal shows beside the other columns.
    private const int TableTextLength = 100;

    private readonly Argument<string> _queue = QueueArgument.Create("The queue, for example reporting-events or reporting-events-poison.");
    private readonly Option<int> _count = CommonOptions.Count("--count", "How many messages from the front.", 10, 1, QueueClient.MaxMessagesPerCall);

    public PeekQueue()
        : base("peek", "Show the first messages without receiving them. JSON and CSV hold the whole text, tables its beginning.")
    {
        Add(_queue);
        Add(_count);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Queues, cancellationToken);
        var messages = await PeekAsync(session.Queues.GetQueue(context.Value(_queue)!), context.Value(_count), cancellationToken);
        var length = context.Format == OutputFormat.Table ? TableTextLength : int.MaxValue;
        context.Output.WriteList([.. messages.Select(message => MessageRow.Of(message, length))]);
        if (messages.Count == 0) context.Note($"Nothing is visible in {context.Value(_queue)}.");
        return ExitCode.Done;
    }

    private static async Task<IReadOnlyList<QueueMessage>> PeekAsync(QueueClient queue, int count, CancellationToken cancellationToken)
    {
        try
        {
            return await queue.PeekAsync(count, cancellationToken);
        }
        catch (QueueStorageException exception) when (exception.Status == 404 && QueueNames.All.Any(name => queue.Name == name || queue.Name == name + QueueNames.PoisonSuffix))
        {
            // Tally's queues are made by their first message.
            return [];
        }
    }

    private sealed record MessageRow(string Id, Instant Inserted, long Dequeued, int Bytes, string Text)
    {
        public static MessageRow Of(QueueMessage message, int length)
        {
            // What is no base64 is shown as it is stored: it is in the way of a fix otherwise.
            var text = message.IsDecodable ? message.Text : message.RawText;
            return new MessageRow(
                message.Id, Instant.FromDateTimeOffset(message.InsertedOn), message.DequeueCount, message.Body.ToMemory().Length,
                text.Length <= length ? text : string.Concat(text.AsSpan(0, length - 1), "…"));
        }
    }
}
