using CsvHelper;

namespace Tally.Cli.Shell.Output;

/// <summary>CSV with a header, as in RFC 4180.</summary>
internal sealed class CsvOutput(TextWriter writer) : IOutput
{
    public void WriteList<T>(IReadOnlyCollection<T> rows)
    {
        using var csv = CsvWriter.Create(writer, null, leaveOpen: true);
        var columns = Column.Of<T>();
        foreach (var column in columns) csv.WriteField(column.Name);
        csv.EndRecord();
        foreach (var row in rows)
        {
            foreach (var column in columns) csv.WriteField(Cell.Text(column.ValueOf(row!)));
            csv.EndRecord();
        }
    }

    public void WriteOne<T>(T record) => WriteList([record]);
}
