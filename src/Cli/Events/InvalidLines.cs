using Tally.Cli.Shell;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary>The lines of a file that hold no event: said as they come, the first ones in words.</summary>
internal sealed class InvalidLines(CommandContext context, string file)
{
    private const int MaxShown = 20;

    public int Count { get; private set; }

    public void Add(long line, InvalidEventException problem)
    {
        Count++;
        if (Count <= MaxShown) context.Note($"{Name}:{line}: {problem.Message}");
        if (Count == MaxShown + 1) context.Note("... further lines are only counted.");
    }

    /// <summary>What to do about them.</summary>
    public CommandException Refusal(string nothingWasDone) =>
        new($"{Name} has {Count} {(Count == 1 ? "line that is" : "lines that are")} no event; {nothingWasDone}. Mend {(Count == 1 ? "it" : "them")}, or leave {(Count == 1 ? "it" : "them")} out with --skip-invalid.");

    private string Name => file == "-" ? "standard input" : file;
}
