using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsvHelper;
using Spectre.Console;

namespace Tally.Cli.Shell.Output;

/// <summary>How results are written.</summary>
internal enum OutputFormat
{
    Table,
    Json,
    Csv,

    /// <summary>A page to share, of the few commands that draw one.</summary>
    Html,
}

/// <summary>
/// Writes results made of records: one column for each property, named in snake_case. Decimals are written plainly,
/// dates and instants as in ISO 8601, instants in UTC.
/// </summary>
internal interface IOutput
{
    /// <summary>A list: a table, a JSON array, CSV with a header.</summary>
    void WriteList<T>(IReadOnlyCollection<T> rows);

    /// <summary>One thing: names beside values, a JSON object, CSV with a header and a line.</summary>
    void WriteOne<T>(T record);
}

internal static class Outputs
{
    /// <param name="format">Which.</param>
    /// <param name="isRaw">Whether CSV holds text as it is, even where a spreadsheet would run it.</param>
    /// <param name="terminal">Where to.</param>
    public static IOutput Create(OutputFormat format, bool isRaw, Terminal terminal) => format switch
    {
        OutputFormat.Json => new JsonOutput(terminal.Out),
        OutputFormat.Csv => new CsvOutput(terminal.Out, isRaw),
        _ => new TableOutput(Consoles.Create(terminal.Out, terminal.OutIsScreen)),
    };

    /// <summary>Tables for people.</summary>
    private sealed class TableOutput(IAnsiConsole console) : IOutput
    {
        private static readonly Style Bold = new(decoration: Decoration.Bold);

        public void WriteList<T>(IReadOnlyCollection<T> rows)
        {
            // A table of nothing tells less than the note that goes with it.
            if (rows.Count == 0) return;
            var columns = Column.Of<T>();
            var table = new Table { Border = TableBorder.Rounded };
            foreach (var column in columns)
                table.AddColumn(new TableColumn(new Text(column.Name, Bold)) { Alignment = column.IsNumeric ? Justify.Right : Justify.Left });
            foreach (var row in rows) table.AddRow(columns.Select(column => Shown(column, row!)));
            console.Write(table);
        }

        public void WriteOne<T>(T record)
        {
            var table = new Table { Border = TableBorder.Rounded, ShowHeaders = false };
            table.AddColumns("name", "value");
            foreach (var column in Column.Of<T>()) table.AddRow(new Text(column.Name, Bold), Shown(column, record!));
            console.Write(table);
        }

        // Made visible before it is measured, so that columns stay straight.
        private static Text Shown(Column column, object row) => new(VisibleText.Of(Cell.Text(column.ValueOf(row))));
    }

    /// <summary>One JSON document.</summary>
    private sealed class JsonOutput(TextWriter writer) : IOutput
    {
        private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

        public void WriteList<T>(IReadOnlyCollection<T> rows) => Write(json =>
        {
            json.WriteStartArray();
            foreach (var row in rows) Cell.WriteJsonObject(json, typeof(T), row!);
            json.WriteEndArray();
        });

        public void WriteOne<T>(T record) => Write(json => Cell.WriteJsonObject(json, typeof(T), record!));

        private void Write(Action<Utf8JsonWriter> content)
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer, Options)) content(json);
            writer.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
        }
    }

    /// <summary>CSV with a header, as in RFC 4180. An apostrophe keeps a spreadsheet from running text as a formula.</summary>
    private sealed class CsvOutput(TextWriter writer, bool isRaw) : IOutput
    {
        public void WriteList<T>(IReadOnlyCollection<T> rows)
        {
            using var csv = CsvWriter.Create(writer, null, leaveOpen: true);
            var columns = Column.Of<T>();
            foreach (var column in columns) csv.WriteField(column.Name);
            csv.EndRecord();
            foreach (var row in rows)
            {
                foreach (var column in columns) csv.WriteField(Text(column, row!));
                csv.EndRecord();
            }
        }

        public void WriteOne<T>(T record) => WriteList([record]);

        private string Text(Column column, object row)
        {
            var text = Cell.Text(column.ValueOf(row));
            return !isRaw && !column.IsNumeric && text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + text : text;
        }
    }
}
