namespace Tally.Dashboard.Pages;

/// <summary>Rows under headings. The page shows each cell's text; CSV has its value.</summary>
/// <param name="Name">What the file is called.</param>
/// <param name="Title">The caption.</param>
/// <param name="Empty">What is said where there are no rows.</param>
public sealed record Table(string Name, string Title, IReadOnlyList<Heading> Headings, IReadOnlyList<Row> Rows, string Empty) : Block
{
    /// <summary>A table of records, a column for each of <paramref name="columns"/>.</summary>
    public static Table Of<T>(string name, string title, IEnumerable<T> rows, string empty, params IReadOnlyList<Column<T>> columns) => new(
        name, title,
        [.. columns.Select(column => new Heading(column.Name, column.Title, column.IsNumber))],
        [.. rows.Select(row => new Row([.. columns.Select(column => column.CellOf(row))]))],
        empty);
}

/// <param name="Name">In snake_case, as in CSV.</param>
/// <param name="Title">As it is shown.</param>
/// <param name="IsNumber">Whether its cells stand to the right.</param>
public sealed record Heading(string Name, string Title, bool IsNumber);

public sealed record Row(IReadOnlyList<Cell> Cells);

/// <param name="Value">As programs want it; null is empty.</param>
/// <param name="Text">As people want it.</param>
/// <param name="Link">Where the text leads.</param>
public readonly record struct Cell(object? Value, string Text, string? Link = null, Tone Tone = Tone.Plain);

/// <summary>A column of a table of <typeparamref name="T"/>.</summary>
/// <param name="Name">In snake_case, as in CSV.</param>
/// <param name="Title">As it is shown.</param>
/// <param name="Value">The cell's value.</param>
public sealed record Column<T>(string Name, string Title, Func<T, object?> Value)
{
    public bool IsNumber { get; init; }

    /// <summary>The text, where it is not the value's plain one.</summary>
    public Func<T, string>? Text { get; init; }

    public Func<T, string?>? Link { get; init; }

    public Func<T, Tone>? Tone { get; init; }

    public Cell CellOf(T row)
    {
        var value = Value(row);
        return new Cell(value, Text?.Invoke(row) ?? Pages.Text.Of(value), Link?.Invoke(row), Tone?.Invoke(row) ?? Pages.Tone.Plain);
    }
}
