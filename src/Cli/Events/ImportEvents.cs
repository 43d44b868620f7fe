using System.CommandLine;
using System.Runtime.CompilerServices;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary><c>tally events import</c></summary>
internal sealed class ImportEvents : TallyCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "CSV or NDJSON; '-' reads standard input." };
    private readonly Option<EventFormat?> _format = CommonOptions.Choice<EventFormat>("--format", "By default what the file's extension says: csv, ndjson, jsonl or json.");
    private readonly Option<bool> _skipInvalid = new("--skip-invalid") { Description = "Report lines that hold no event and import the others, instead of stopping." };

    public ImportEvents()
        : base("import", "Import history straight into the raw events. Importing the same again changes nothing.")
    {
        Add(_file);
        Add(_format);
        Add(_skipInvalid);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var file = context.Value(_file)!;
        var format = context.Value(_format) ?? FormatOf(file);
        using var reader = context.Terminal.OpenText(file);
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);

        var invalid = new InvalidLines(context, file);
        var events = ReadAsync(format, reader, invalid, context.Value(_skipInvalid), cancellationToken);
        var position = (reader as StreamReader)?.BaseStream as FileStream;
        var result = await context.Progress.RunAsync("Importing", position?.Length ?? 0, progress =>
            session.Get<EventImporter>().ImportAsync(events, Progress.Of<long>(_ => progress.Report(position?.Position ?? 0)), cancellationToken));

        context.Output.WriteOne(new ImportRow(result.Read, result.Inserted, result.Duplicates, result.Conflicts, result.Days, invalid.Count));
        if (result.Conflicts > 0) context.Note($"{Words.Count(result.Conflicts, "event")} {(result.Conflicts == 1 ? "has" : "have")} the id of a stored event and other contents; what is stored stays.");
        if (result.Days > 0) context.Note($"{Words.Count(result.Days, "day")} {(result.Days == 1 ? "waits" : "wait")} to be rebuilt: 'tally rollups backfill --account ID' rebuilds an account's.");
        return ExitCode.Done;
    }

    private static async IAsyncEnumerable<ReportingEvent> ReadAsync(
        EventFormat format, TextReader reader, InvalidLines invalid, bool skipInvalid, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lines = format == EventFormat.Csv ? EventCsv.ReadAsync(reader, cancellationToken) : EventNdjson.ReadAsync(reader, cancellationToken);
        await foreach (var line in lines)
        {
            if (line.Event is { } one)
            {
                yield return one;
                continue;
            }

            invalid.Add(line.Number, line.Problem!);
            if (!skipInvalid) throw invalid.Refusal("the import stopped, and importing again goes on where it was");
        }
    }

    private static EventFormat FormatOf(string file) => Path.GetExtension(file).ToUpperInvariant() switch
    {
        ".CSV" => EventFormat.Csv,
        ".NDJSON" or ".JSONL" or ".JSON" => EventFormat.Ndjson,
        _ => throw new CommandException($"The format of '{file}' is not clear from its name. Say --format csv or --format ndjson."),
    };

    private sealed record ImportRow(long Read, long Inserted, long Duplicates, long Conflicts, long DaysToRebuild, int Skipped);
}

/// <summary>The formats that history comes in.</summary>
internal enum EventFormat
{
    Csv,
    Ndjson,
}

/// <summary>A line of a file: an event, or what keeps it from being one.</summary>
internal sealed record ReadLine(long Number, ReportingEvent? Event, InvalidEventException? Problem);
