using System.CommandLine;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary><c>tally events import</c></summary>
internal static class ImportEvents
{
    private const double Megabyte = 1_000_000;
    private static readonly ValueKind<char> Delimiters = new("CHARACTER", "one character such as ';', or tab", TryReadDelimiter);

    public static Verb Create()
    {
        var file = new Argument<string>("FILE") { Description = "CSV or NDJSON in UTF-8; '-' reads standard input." };
        var format = ValueKinds.Choice<EventFormat>().Optional("--format", "By default what the file's first character says, or else its extension.");
        var delimiter = Delimiters.Optional("--delimiter", "What separates the columns of a CSV; by default what its header makes clear.");
        var skipInvalid = Inputs.Flag("--skip-invalid", "Report lines that hold no event and import the others, instead of stopping.");
        return new("import", "Import history straight into the raw events. Importing the same again changes nothing.", [file, format, delimiter, skipInvalid], (run, token) =>
            ImportAsync(run, run.Value(file)!, run.Value(format), run.Value(delimiter), run.Value(skipInvalid), token));
    }

    private static async Task ImportAsync(CommandContext run, string file, EventFormat? format, char? delimiter, bool skipInvalid, CancellationToken cancellationToken)
    {
        using var input = run.Terminal.OpenLines(file);
        var importer = await run.GetAsync<EventImporter>(cancellationToken);
        var invalid = new InvalidLines(run, file);
        var events = ReadAsync(EventFile.ReadAsync(input, file, format, delimiter, cancellationToken), invalid, skipInvalid);
        var result = await run.Progress.RunAsync("Importing", input.TotalBytes / Megabyte, input.TotalBytes == 0 ? "events" : "MB", progress =>
            importer.ImportAsync(events, Progress.Of<long>(read => progress.Report(input.TotalBytes == 0 ? read : input.BytesRead / Megabyte)), cancellationToken));

        run.Output.WriteOne(new ImportRow(result.Read, result.Inserted, result.Duplicates, result.Conflicts, result.Days, invalid.Count));
        if (result.Conflicts > 0) run.Note($"{Words.Count(result.Conflicts, "event")} {(result.Conflicts == 1 ? "has" : "have")} the id of a stored event and other contents; what is stored stays.");
        if (result.Days > 0) run.Note($"{Words.Count(result.Days, "day")} {(result.Days == 1 ? "waits" : "wait")} to be rebuilt: 'tally rollups backfill --account ID' rebuilds an account's.");
    }

    private static async IAsyncEnumerable<ReportingEvent> ReadAsync(IAsyncEnumerable<ReadLine> lines, InvalidLines invalid, bool skipInvalid)
    {
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

    private static bool TryReadDelimiter(string text, out char delimiter)
    {
        delimiter = text is "tab" or @"\t" ? '\t' : text is [var only] ? only : default;
        return delimiter is '\t' or (> ' ' and < (char)127 and not '"') && !char.IsAsciiLetterOrDigit(delimiter);
    }

    private sealed record ImportRow(long Read, long Inserted, long Duplicates, long Conflicts, long DaysToRebuild, int Skipped);
}
