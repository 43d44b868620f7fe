namespace Tally.Dashboard.Pages;

/// <summary>What is shown: a title and blocks below each other. The web page, the CSV files and a report to share are made of the same one.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Lead">One sentence below it.</param>
/// <param name="Blocks">In their order.</param>
public sealed record Page(string Title, string Lead, IReadOnlyList<Block> Blocks)
{
    /// <summary>Every table, those inside sections too.</summary>
    public IEnumerable<Table> Tables => Blocks.SelectMany(block => block switch
    {
        Table table => [table],
        Section section => section.Blocks.OfType<Table>(),
        _ => [],
    });
}

/// <summary>A part of a <see cref="Page"/>.</summary>
public abstract record Block;

/// <summary>A heading and what is under it.</summary>
public sealed record Section(string Heading, IReadOnlyList<Block> Blocks) : Block;

/// <summary>How good or bad something is; always said in words as well.</summary>
public enum Tone
{
    Plain,
    Good,
    Warning,
    Bad,
}

/// <summary>A sentence that matters, and what to type if there is something to do.</summary>
public sealed record Notice(Tone Tone, string Text, string? Command = null) : Block;

/// <summary>A plain sentence.</summary>
public sealed record Paragraph(string Text) : Block;

/// <summary>A few numbers side by side.</summary>
public sealed record Facts(IReadOnlyList<Fact> Items) : Block;

/// <summary>One number, what it is, and a word on it.</summary>
public sealed record Fact(string Label, string Value, string? Note = null, Tone Tone = Tone.Plain, string? Link = null);

/// <summary>Links to other views.</summary>
public sealed record Links(IReadOnlyList<(string Text, string Address)> Items) : Block;

/// <summary>What the view can be asked; it asks by an address, so that every answer has one.</summary>
public sealed record Form(string View, IReadOnlyList<Field> Fields) : Block;

/// <summary>A field of a <see cref="Form"/>. Its name is that of the query's parameter.</summary>
public abstract record Field(string Name, string Label);

/// <param name="Kind">A type of HTML's input: text, date, month, number.</param>
public sealed record InputField(string Name, string Label, string Kind, string? Value, string? Hint = null) : Field(Name, Label);

public sealed record ChoiceField(string Name, string Label, IReadOnlyList<(string Value, string Text)> Options, string? Value) : Field(Name, Label);

public sealed record FlagField(string Name, string Label, bool Value) : Field(Name, Label);
