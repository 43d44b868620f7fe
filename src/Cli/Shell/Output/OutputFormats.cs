namespace Tally.Cli.Shell.Output;

/// <summary>How results are written.</summary>
internal enum OutputFormat
{
    Table,
    Json,
    Csv,
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

internal static class OutputFormats
{
    public static IOutput Create(OutputFormat format, Terminal terminal) => format switch
    {
        OutputFormat.Json => new JsonOutput(terminal.Out),
        OutputFormat.Csv => new CsvOutput(terminal.Out),
        _ => new TableOutput(Consoles.Create(terminal.Out, terminal.OutIsScreen)),
    };
}
