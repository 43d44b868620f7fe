using CsvHelper;

namespace Tally.Dashboard.Pages;

/// <summary>A table as CSV with a header, as in RFC 4180.</summary>
internal static class Csv
{
    public static string Of(Table table)
    {
        using var text = new StringWriter { NewLine = "\r\n" };
        using (var csv = CsvWriter.Create(text, null, leaveOpen: true))
        {
            foreach (var heading in table.Headings) csv.WriteField(heading.Name);
            csv.EndRecord();
            foreach (var row in table.Rows)
            {
                foreach (var cell in row.Cells) csv.WriteField(cell.Value is string name ? Harmless(name) : Text.Exact(cell.Value));
                csv.EndRecord();
            }
        }

        return text.ToString();
    }

    /// <summary>A name that a spreadsheet would take for a formula, with the apostrophe that makes it text.</summary>
    private static string Harmless(string name) => name is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? $"'{name}" : name;
}
