using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups drop-base</c>: gives up what a day's rollups hold of events that were removed.</summary>
internal static class DropBaseCommand
{
    public static Verb Create()
    {
        var account = Inputs.Account();
        var date = ValueKinds.Date.Required("--date", "The day, in the account's zone.");
        var yes = Inputs.Yes();
        return new("drop-base", "Drop the base of a day: its rollups become those of the raw events that are stored. What was purged is lost for good. Exit code 1 if you decline.", [account, date, yes], async (run, token) =>
        {
            var session = await run.OpenAsync(ServerNeeds.Database, token);
            var plan = await session.Get<BackfillPlanner>().PlanAsync(run.Value(account), run.Value(date), run.Value(date), token);
            if (plan.Nothing is { } reason)
            {
                run.Note($"{reason}. There is no base to drop.");
                return ExitCode.Done;
            }

            if (!await run.ConfirmAsync(yes, $"Lose the totals of purged events of {Words.Of(run.Value(date))}?", "Nothing was dropped", token)) return ExitCode.No;
            var request = await session.Get<BackfillRequests>().RequestAsync(plan, "tally rollups drop-base", dropsBases: true, token);
            await foreach (var _ in session.Get<BackfillWorker>().RebuildInlineAsync(request, token)) { }
            run.Output.WriteOne(ProgressRow.Of(await session.Get<BackfillRequests>().GetAsync(request.Id, token)));
            return ExitCode.Done;
        });
    }
}
