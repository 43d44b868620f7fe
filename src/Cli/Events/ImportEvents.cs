using System.CommandLine;
using System.Runtime.CompilerServices;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary><c>tally events import</c></summary>
internal static class ImportEvents
{
    private const double Megabyte = 1_000_000;

    public static Verb Create()
    {
        var file = new Argument<string>("FILE") { Description = "CSV or NDJSON; '-' reads standard input." };
        var format = ValueKinds.Choice<EventFormat>().Optional("--format", "By default what the file's extension says: csv, ndjson, jsonl or json.");
        var skipInvalid = Inputs.Flag("--skip-invalid", "Report lines that hold no event and import the others, instead of stopping.");
        return new("import", "Import history straight into the raw events. Importing the same again changes nothing.", [file, format, skipInvalid], (run, token) =>
            ImportAsync(run, run.Value(file)!, run.Value(format) ?? FormatOf(run.Value(file)!), run.Value(skipInvalid), token));
    }

    private static async Task ImportAsync(CommandContext run, string file, EventFormat format, bool skipInvalid, CancellationToken cancellationToken)
    {
        using var reader = run.Terminal.OpenText(file);
        var importer = await run.GetAsync<EventImporter>(cancellationToken);
        var invalid = new InvalidLines(run, file);
        var events = ReadAsync(format, reader, invalid, skipInvalid, cancellationToken);
        var position = (reader as StreamReader)?.BaseStream as FileStream;
        var result = await run.Progress.RunAsync("Importing", (position?.Length ?? 0) / Megabyte, position is null ? "events" : "MB", progress =>
            importer.ImportAsync(events, Progress.Of<long>(read => progress.Report(position is null ? read : position.Position / Megabyte)), cancellationToken));

        run.Output.WriteOne(new ImportRow(result.Read, result.Inserted, result.Duplicates, result.Conflicts, result.Days, invalid.Count));
        if (result.Conflicts > 0) run.Note($"{Words.Count(result.Conflicts, "event")} {(result.Conflicts == 1 ? "has" : "have")} the id of a stored event and other contents; what is stored stays.");
        if (result.Days > 0) run.Note($"{Words.Count(result.Days, "day")} {(result.Days == 1 ? "waits" : "wait")} to be rebuilt: 'tally rollups backfill --account ID' rebuilds an account's.");
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
