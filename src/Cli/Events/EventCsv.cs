using System.Runtime.CompilerServices;
using System.Text;
using CsvHelper;
using Tally.Cli.Shell;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary>Events as CSV with a header that names the columns, see <see cref="EventFields"/>. Other columns are ignored.</summary>
internal static class EventCsv
{
    // What spreadsheets and databases write.
    private static readonly char[] Delimiters = [',', ';', '\t', '|'];

    /// <param name="file">Read to its end.</param>
    /// <param name="delimiter">Null for the one that the header makes clear.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="CommandException">A column is missing or there twice, or the quoting is broken: nothing after that can be trusted.</exception>
    public static async IAsyncEnumerable<ReadLine> ReadAsync(Utf8Input file, char? delimiter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var header = await file.PeekLineAsync(cancellationToken);
        await using var csv = CsvReader.Create(new StreamReader(file, Encoding.UTF8, false, Utf8Input.BufferBytes), OptionsFor(delimiter ?? DelimiterOf(header)), leaveOpen: true);
        var columns = await GuardAsync(async () =>
        {
            await csv.ReadHeaderAsync(cancellationToken);
            return ColumnsOf([.. csv.Headers]);
        });

        while (await GuardAsync(async () => await csv.ReadAsync(cancellationToken)))
            yield return Read(csv, columns);
    }

    private static CsvReaderOptions OptionsFor(char separator) => new()
    {
        Separator = separator,
        // What COPY, psql and spreadsheets write for null.
        NullValues = ["", @"\N", "NULL"],
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
        FieldCountMismatch = CsvFieldCountHandling.Throw,
    };

    /// <summary>The delimiter by which the header names every required column; a comma if none does, so that the missing ones are told.</summary>
    private static char DelimiterOf(string header) => Delimiters.FirstOrDefault(
        delimiter =>
        {
            var names = header.Split(delimiter).Select(name => EventFields.Normalise(name.Trim().Trim('"'))).ToHashSet();
            return EventFields.Required.All(column => names.Contains(EventFields.Normalise(column)));
        },
        Delimiters[0]);

    private static Dictionary<string, int> ColumnsOf(IReadOnlyList<string> headers)
    {
        var named = headers.Index().Where(header => !string.IsNullOrWhiteSpace(header.Item)).ToLookup(header => EventFields.Normalise(header.Item));
        if (named.FirstOrDefault(column => column.Count() > 1) is { } twice)
            throw new CommandException($"The CSV has the same column {twice.Count()} times: {string.Join(", ", twice.Select(header => $"'{header.Item}'"))}. Leave one.");

        var missing = EventFields.Required.Where(column => !named.Contains(EventFields.Normalise(column))).ToList();
        return missing.Count == 0
            ? named.ToDictionary(column => column.Key, column => column.Single().Index)
            : throw new CommandException(
                $"The CSV has no column {string.Join(" and no column ", missing.Select(column => $"'{column}'"))}. Its first line must name the columns, and reads: "
                + $"{Abridged(string.Join(" | ", headers))}. If it is not split where it should be, say --delimiter ';' or what it is.");
    }

    private static string Abridged(string text) => text.Length <= 200 ? text : string.Concat(text.AsSpan(0, 199), "…");

    private static ReadLine Read(CsvReader csv, Dictionary<string, int> columns)
    {
        try
        {
            return new ReadLine(
                csv.LineNumber, EventFields.Read(field => columns.TryGetValue(EventFields.Normalise(field), out var index) ? csv.GetStringOrNull(index) : null), null);
        }
        catch (InvalidEventException problem)
        {
            return new ReadLine(csv.LineNumber, null, problem);
        }
    }

    // The reader throws in the call as well as in the task.
    private static async Task<T> GuardAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (CsvFormatException exception)
        {
            throw new CommandException($"The CSV is malformed: {exception.Message}", exception);
        }
    }
}
