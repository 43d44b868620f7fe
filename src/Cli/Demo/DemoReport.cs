using System.Globalization;
using Spectre.Console;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;

namespace Tally.Cli.Demo;

/// <summary>The demo's numbers: tables for people, rows for programs.</summary>
internal sealed class DemoReport(CommandContext context)
{
    public void Write(IReadOnlyList<DemoResult> results, TimeSpan took)
    {
        if (context.Format != OutputFormat.Table)
        {
            context.Output.WriteList([.. results.SelectMany(result => result.Facts.Select(fact => new FactRow(result.Title, fact.What, fact.Value, fact.Unit)))]);
            return;
        }

        var console = Consoles.Create(context.Terminal.Out, context.Terminal.OutIsScreen);
        foreach (var result in results)
        {
            console.WriteLine();
            console.Write(Facts(result));
            foreach (var table in result.Tables)
            {
                console.WriteLine();
                console.Write(table);
            }
        }

        console.WriteLine();
        var isRight = results.All(result => result.IsRight);
        console.MarkupLine(isRight
            ? FormattableString.Invariant($"[green]Every number is right[/], {took.TotalSeconds:0} s from nothing.")
            : FormattableString.Invariant($"[red]Some numbers are wrong[/], {took.TotalSeconds:0} s from nothing."));
    }

    private static Table Facts(DemoResult result)
    {
        var table = new Table { Border = TableBorder.Rounded, ShowHeaders = false, Title = new TableTitle(Markup.Escape(result.Title), new Style(decoration: Decoration.Bold)) };
        table.AddColumn("what").AddColumn(new TableColumn("value") { Alignment = Justify.Right }).AddColumn("unit");
        foreach (var fact in result.Facts)
            table.AddRow(new Text(fact.What), new Text(fact.Value.ToString("#,##0.##", CultureInfo.InvariantCulture), new Style(decoration: Decoration.Bold)), new Text($"{fact.Unit} {fact.Remark}".Trim()));
        return table;
    }

    private sealed record FactRow(string Part, string What, decimal Value, string Unit);
}
