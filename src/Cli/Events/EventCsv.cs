using System.Runtime.CompilerServices;
using CsvHelper;
using Tally.Cli.Shell;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary>
/// Events as CSV with a header. The columns are those of a plain export of the original's table: id, name, value,
/// value_in_business_hours, account_id, inbox_id, user_id, conversation_id, event_start_time, event_end_time, created_at;
/// the queue's camelCase names do too. Other columns are ignored.
/// </summary>
internal static class EventCsv
{
    private static readonly string[] Required = ["id", "account_id", "name", "created_at"];

    private static readonly CsvReaderOptions Options = new()
    {
        Separator = ',',
        // What COPY, psql and spreadsheets write for null.
        NullValues = ["", @"\N", "NULL"],
        NormalizeHeaderName = name => name.Replace("_", "", StringComparison.Ordinal),
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
        FieldCountMismatch = CsvFieldCountHandling.Throw,
    };

    /// <exception cref="CommandException">A column is missing, or the quoting is broken: nothing after that can be trusted.</exception>
    public static async IAsyncEnumerable<ReadLine> ReadAsync(TextReader reader, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var csv = CsvReader.Create(reader, Options, leaveOpen: true);
        var missing = await GuardAsync(async () =>
        {
            await csv.ReadHeaderAsync(cancellationToken);
            return Required.Where(column => !csv.TryGetFieldIndex(column, out _)).ToList();
        });
        if (missing.Count > 0)
            throw new CommandException($"The CSV has no column {string.Join(" and no column ", missing.Select(column => $"'{column}'"))}. Its first line must name the columns.");

        while (await GuardAsync(async () => await csv.ReadAsync(cancellationToken)))
            yield return Read(csv);
    }

    private static ReadLine Read(CsvReader csv)
    {
        try
        {
            return new ReadLine(csv.LineNumber, EventFields.Read(field => csv.TryGetFieldIndex(field, out var index) ? csv.GetStringOrNull(index) : null), null);
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
