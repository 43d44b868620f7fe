namespace Tally.Dashboard.Pages;

/// <summary>Columns over time, stacked where there is more than one series. What it shows stands in a table as well.</summary>
/// <param name="Title">The caption.</param>
/// <param name="Summary">What it says, in a sentence: all that a screen reader gets of the drawing.</param>
/// <param name="Points">From left to right.</param>
/// <param name="Series">The names of what is stacked, from the bottom up.</param>
public sealed record Chart(string Title, string Summary, IReadOnlyList<Point> Points, IReadOnlyList<string> Series) : Block
{
    /// <summary>Whether values are seconds; else they are plain numbers.</summary>
    public bool IsTime { get; init; }

    /// <summary>Values to draw a line at.</summary>
    public IReadOnlyList<Threshold> Thresholds { get; init; } = [];

    /// <summary>Where the points come from, under the axis.</summary>
    public IReadOnlyList<Band> Bands { get; init; } = [];
}

/// <param name="Label">Under the axis.</param>
/// <param name="Values">One for each series; null draws nothing.</param>
/// <param name="Hint">What a pointer at rest is told.</param>
/// <param name="Link">Where a click leads.</param>
public sealed record Point(string Label, IReadOnlyList<decimal?> Values, string Hint, string? Link = null);

public sealed record Threshold(string Label, decimal Value);

/// <summary>Points of one source, both ends included.</summary>
/// <param name="Kind">Its name, which decides its colour: rollup, raw, missing.</param>
public sealed record Band(string Kind, int From, int To, string Hint);
