using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Options;
using NodaTime;
using Tally.Azure;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Poison;
using Tally.Reporting.Retention;
using Tally.Scheduling;

namespace Tally.Cli.Queues;

/// <summary><c>tally queues</c></summary>
internal static partial class QueueCommands
{
    // What a line of a wide terminal shows beside the other columns.
    private const int TableTextLength = 100;

    // What the service gives in one answer.
    private const int MaxMessages = 32;

    public static Noun Create() => new(
        "queues", "Depth and content of the queues, and what to do about poison messages.",
        List(), Peek(), Redrive(), Purge(), Finish());

    private static Verb List() => new("list", "Show each queue's depth, its poison queue's depth, and the age of the oldest message.", [], async (run, token) =>
    {
        var session = await run.OpenAsync(ServerNeeds.Queues, token);
        var now = run.Clock.GetCurrentInstant();
        var rows = new List<QueueRow>();
        foreach (var name in QueueNames.All)
        {
            var queue = await QueueDepth.ReadAsync(session.Queues, name, token);
            var poison = await QueueDepth.ReadAsync(session.Queues, name + QueueNames.PoisonSuffix, token);
            rows.Add(new QueueRow(name, queue.Messages, queue.AgeAt(now), poison.Messages, poison.AgeAt(now)));
        }

        run.Output.WriteList(rows);
        if (rows.Find(row => row.Poison > 0) is { } poisoned)
            run.Note($"Poison messages failed every try: 'tally queues peek {poisoned.Queue}{QueueNames.PoisonSuffix}' shows them, 'tally queues redrive {poisoned.Queue}' tries them again.");
    });

    private static Verb Peek()
    {
        var name = Queue("The queue, for example reporting-events or reporting-events-poison.");
        var count = ValueKinds.Number(1, MaxMessages).Default("--count", "How many messages from the front.", 10);
        return new("peek", "Show the first messages without receiving them. JSON and CSV hold the whole text, tables its beginning.", [name, count], async (run, token) =>
        {
            var queue = run.Value(name)!;
            var isPoison = queue.EndsWith(QueueNames.PoisonSuffix, StringComparison.Ordinal);
            var session = await run.OpenAsync(isPoison ? ServerNeeds.Both : ServerNeeds.Queues, token);
            var messages = await PeekAsync(session.Queues.GetPlainQueue(queue), run.Value(count), token);
            var length = run.Format == OutputFormat.Table ? TableTextLength : int.MaxValue;
            if (!isPoison)
            {
                run.Output.WriteList([.. messages.Select(message => MessageRow.Of(message, length))]);
                if (messages.Count == 0) run.Note($"Nothing is visible in {queue}.");
                return;
            }

            var (record, origin) = (session.Get<PoisonLog>(), WithoutSuffix(queue));
            var rows = new List<PoisonRow>();
            foreach (var message in messages)
                rows.Add(PoisonRow.Of(MessageRow.Of(message, length), await record.ReasonOfAsync(origin, PoisonCopy.Decode(message.Body, out _), token)));
            run.Output.WriteList(rows);
            var left = (await record.CountLeftAsync(token)).GetValueOrDefault(origin);
            if (left > messages.Count) run.Note($"{Words.Count(left, "message")} of {origin} are on record in the database, where they outlive the queue's seven days: 'tally queues redrive {origin}' tries those too.");
            else if (messages.Count == 0) run.Note($"Nothing is visible in {queue}.");
        });
    }

    private static Verb Redrive()
    {
        var queue = Queue("The queue whose poison messages are to be tried again.");
        var limit = ValueKinds.Number(1).Optional("--max", "How many messages at most; by default those that are there now.");
        return new("redrive", "Put a queue's poison messages back to it, from its poison queue and from the record in the database.", [queue, limit], async (run, token) =>
        {
            var session = await run.OpenAsync(ServerNeeds.Both, token);
            var name = WithoutSuffix(run.Value(queue)!);
            // Those that fail again come back here; only what is there now is moved.
            var redrive = new Redriving(session.Queues, session.Get<PoisonLog>(), name, run.Clock.GetCurrentInstant());
            var (queued, onRecord) = await redrive.CountAsync(token);
            var max = Math.Min(run.Value(limit) ?? long.MaxValue, queued + onRecord);
            var moved = await run.Progress.RunAsync($"Redriving {name}", (int)Math.Min(max, int.MaxValue), "messages", progress => redrive.RunAsync(max, queued, progress, token));
            var (queuedLeft, recordLeft) = await redrive.CountAsync(token);
            run.Output.WriteOne(new RedriveResult(name, moved, Math.Max(queuedLeft, recordLeft)));
        });
    }

    private static Verb Purge()
    {
        var (name, yes) = (Queue("The queue, for example reporting-events-poison."), Inputs.Yes());
        return new("purge", "Delete every message of a queue. Exit code 1 if you decline.", [name, yes], async (run, token) =>
        {
            var isPoison = run.Value(name)!.EndsWith(QueueNames.PoisonSuffix, StringComparison.Ordinal);
            var session = await run.OpenAsync(isPoison ? ServerNeeds.Both : ServerNeeds.Queues, token);
            var queue = session.Queues.GetQueue(run.Value(name)!);
            var count = (await queue.GetPropertiesAsync(token)).Value.ApproximateMessagesCountLong;
            var question = $"Delete {Words.Count(count, "message")} of {queue.Name} at {queue.Uri.Authority}? They cannot be brought back.";
            if (!await run.ConfirmAsync(yes, question, "Nothing was deleted", token)) return ExitCode.No;
            await queue.ClearMessagesAsync(token);
            if (isPoison) await session.Get<PoisonLog>().PurgeAsync(WithoutSuffix(queue.Name), token);
            run.Output.WriteOne(new PurgeResult(queue.Name, count));
            return ExitCode.Done;
        });
    }

    private static Verb Finish()
    {
        var budget = ValueKinds.Time.Optional("--budget", "The time box; by default Reporting:MaxRuntime.");
        return new("finish", "Do what the timer FinishWork does: put recorded requests that never came to their queue, end erasures that were broken off, record poison messages that are on no record.", [budget], async (run, token) =>
        {
            var session = await run.OpenAsync(ServerNeeds.Both, token);
            var limiter = new RuntimeLimiter(run.Value(budget) ?? session.Get<IOptions<ReportingOptions>>().Value.MaxRuntime, TimeProvider.System);
            run.Output.WriteOne(new FinishResult(await session.Get<UnfinishedWork>().RunAsync(limiter, token)));
        });
    }

    private static Argument<string> Queue(string description) => new ValueKind<string>(
        "QUEUE", "3 to 63 lower-case letters, digits and single hyphens between them", (string text, [MaybeNullWhen(false)] out string name) => Name().IsMatch(name = text)).Argument("QUEUE", description);

    private static string WithoutSuffix(string name) =>
        name.EndsWith(QueueNames.PoisonSuffix, StringComparison.Ordinal) ? name[..^QueueNames.PoisonSuffix.Length] : name;

    [GeneratedRegex(@"^(?=.{3,63}\z)[a-z0-9]+(-[a-z0-9]+)*\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Name();

    private static async Task<IReadOnlyList<PeekedMessage>> PeekAsync(QueueClient queue, int count, CancellationToken cancellationToken)
    {
        try
        {
            return (await queue.PeekMessagesAsync(count, cancellationToken)).Value;
        }
        catch (RequestFailedException exception) when (exception.Status == 404 && QueueNames.All.Any(name => queue.Name == name || queue.Name == name + QueueNames.PoisonSuffix))
        {
            // Tally's queues are made by their first message.
            return [];
        }
    }

    private sealed record QueueRow(string Queue, long Messages, Duration? Oldest, long Poison, Duration? OldestPoison);

    private sealed record FinishResult(RunOutcome Outcome);

    private sealed record PurgeResult(string Queue, long Deleted);

    private sealed record PoisonRow(string Id, Instant? Inserted, long Dequeued, int Bytes, string? Reason, string Text)
    {
        public static PoisonRow Of(MessageRow message, string? reason) => new(message.Id, message.Inserted, message.Dequeued, message.Bytes, reason, message.Text);
    }

    private sealed record RedriveResult(string Queue, int Moved, long Left);

    private sealed record MessageRow(string Id, Instant? Inserted, long Dequeued, int Bytes, string Text)
    {
        public static MessageRow Of(PeekedMessage message, int length)
        {
            // What is no base64 is shown as it is stored: it is in the way of a fix otherwise.
            var bytes = PoisonCopy.Decode(message.Body, out _);
            var text = Encoding.UTF8.GetString(bytes);
            return new MessageRow(
                message.MessageId, message.InsertedOn is { } inserted ? Instant.FromDateTimeOffset(inserted) : null, message.DequeueCount, bytes.Length,
                text.Length <= length ? text : string.Concat(text.AsSpan(0, length - 1), "…"));
        }
    }
}
