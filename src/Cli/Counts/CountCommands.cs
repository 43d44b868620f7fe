using System.CommandLine;

namespace Tally.Cli.Counts;

internal static class CountCommands
{
    public static Command Create() => Commands.Group(
        "counts", "Value stream counts: what each namespace of a group holds, once a month.",
        new RunCounts(), new ShowCountStatus(), new ReportCounts(), new EnableCounts(), new DisableCounts(), new ResetCounts());
}
