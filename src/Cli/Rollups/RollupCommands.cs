using System.CommandLine;

namespace Tally.Cli.Rollups;

internal static class RollupCommands
{
    public static Command Create() => Commands.Group(
        "rollups", "Daily totals: rebuild, watch, verify, look at them.",
        new BackfillRollups(), new ShowProgress(), new CancelBackfill(), new ResumeBackfill(), new VerifyRollups(), new ShowRollups());
}
