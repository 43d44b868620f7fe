using Spectre.Console;

namespace Tally.Cli.Demo;

/// <summary>What a part of the demo did, and whether it came out right.</summary>
internal sealed record DemoResult(string Title, IReadOnlyList<DemoFact> Facts, bool IsRight)
{
    /// <summary>Something to look at, for people only.</summary>
    public IReadOnlyList<Table> Tables { get; init; } = [];
}

/// <summary>A number that the demo is about.</summary>
internal sealed record DemoFact(string What, decimal Value, string Unit = "", string Remark = "");
