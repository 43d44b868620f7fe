using Spectre.Console;

namespace Tally.Cli.Shell.Output;

/// <summary>Tables for people.</summary>
internal sealed class TableOutput(IAnsiConsole console) : IOutput
{
    public void WriteList<T>(IReadOnlyCollection<T> rows)
    {
        // A table of nothing tells less than the note that goes with it.
        if (rows.Count == 0) return;
        var columns = Column.Of<T>();
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column.Name, new Style(decoration: Decoration.Bold))) { Alignment = column.IsNumeric ? Justify.Right : Justify.Left });
        foreach (var row in rows)
            table.AddRow(columns.Select(column => new Text(Cell.Text(column.ValueOf(row!)))));
        console.Write(table);
    }

    public void WriteOne<T>(T record)
    {
        var table = new Table { Border = TableBorder.Rounded, ShowHeaders = false };
        table.AddColumns("name", "value");
        foreach (var column in Column.Of<T>())
            table.AddRow(new Text(column.Name, new Style(decoration: Decoration.Bold)), new Text(Cell.Text(column.ValueOf(record!))));
        console.Write(table);
    }
}
