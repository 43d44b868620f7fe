using System.CommandLine;

namespace Tally.Cli.Rollups;

internal static class RollupCommands
{
    public static Command Create() => Commands.Group(
        "rollups", "Daily totals: rebuild, watch, verify, report from them.",
        new BackfillRollups(), new ShowProgress(), new CancelBackfill(), new ResumeBackfill(), new VerifyRollups(), new ShowDrift(), new ShowRollups(),
        new ReportSeries(), new SummarizeMembers());
}
