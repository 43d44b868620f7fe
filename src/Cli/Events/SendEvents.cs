using System.CommandLine;
using Azure;
using Azure.Storage.Queues;
using Tally.Azure;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary><c>tally events send</c></summary>
internal static class SendEvents
{
    // Enough to hide the round trips, few enough for the emulator.
    private const int Senders = 8;

    public static Verb Create()
    {
        var file = new Argument<string>("FILE") { Description = "NDJSON: one event a line, see the README for its fields. '-' reads standard input." };
        var skipInvalid = Inputs.Flag("--skip-invalid", "Report lines that hold no event and send the others, instead of sending nothing.");
        return new("send", "Send events to the queue. Sending the same events again changes nothing.", [file, skipInvalid], async (run, token) =>
        {
            var invalid = new InvalidLines(run, run.Value(file)!);
            await using var messages = new MessageSpool();
            using (var lines = run.Terminal.OpenLines(run.Value(file)!)) await ReadAsync(lines, messages, invalid, token);
            if (invalid.Count > 0 && !run.Value(skipInvalid)) throw invalid.Refusal("nothing was sent");

            var session = await run.OpenAsync(ServerNeeds.Queues, token);
            var sent = await run.Progress.RunAsync("Sending", messages.Count, "messages", progress =>
                SendAsync(session.Queues.GetQueue(QueueNames.ReportingEvents), messages, progress, token));
            run.Output.WriteOne(new SendResult(QueueNames.ReportingEvents, sent, messages.Count, invalid.Count));
        });
    }

    private static async Task ReadAsync(Utf8Input file, MessageSpool messages, InvalidLines invalid, CancellationToken cancellationToken)
    {
        var batcher = new MessageBatcher();
        await foreach (var (number, line) in EventNdjson.ReadLinesAsync(file, cancellationToken))
        {
            try
            {
                EventLine.Read(line);
                if (!MessageBatcher.Fits(line.Trim())) throw new InvalidEventException(null, $"has more than the {MessageBatcher.MaxBytes} bytes that fit a message");
                messages.Add(batcher.Add(line.Trim()));
            }
            catch (InvalidEventException problem)
            {
                invalid.Add(number, problem);
            }
        }

        messages.Add(batcher.Take());
    }

    private static async Task<int> SendAsync(QueueClient queue, MessageSpool messages, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var sentMessages = 0;
        var sentEvents = 0;
        if (messages.Count > 0) await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        try
        {
            await Parallel.ForEachAsync(messages.ReadAll(), new ParallelOptions { MaxDegreeOfParallelism = Senders, CancellationToken = cancellationToken }, async (message, token) =>
            {
                await queue.SendMessageAsync(message.Text, timeToLive: QueueClientExtensions.ForEver, cancellationToken: token);
                Interlocked.Add(ref sentEvents, message.Count);
                progress.Report(Interlocked.Increment(ref sentMessages));
            });
        }
        catch (Exception exception) when (exception is RequestFailedException or AggregateException)
        {
            throw new CommandException($"The queue failed after {Words.Count(sentEvents, "event")}: {ErrorMessage.Of(exception)} Send the same file again: events that arrived already change nothing.", exception);
        }

        return sentEvents;
    }

    private sealed record SendResult(string Queue, int Events, int Messages, int Skipped);
}
