using Microsoft.Extensions.Options;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Reconcile;
using Tally.Scheduling;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups reconcile</c>: what the timer does, now.</summary>
internal static class ReconcileCommand
{
    public static Verb Create()
    {
        var budget = ValueKinds.Time.Optional("--budget", "The time box; by default Reporting:MaxRuntime. One account is verified however small it is.");
        return new("reconcile", "Do what the timer does: verify the last days of every account, and queue what has to be rebuilt. Exit code 1 if a day differed.", [budget], async (run, token) =>
        {
            var session = await run.OpenAsync(ServerNeeds.Both, token);
            var limiter = new RuntimeLimiter(run.Value(budget) ?? session.Get<IOptions<ReportingOptions>>().Value.MaxRuntime, TimeProvider.System);
            var result = await run.Progress.RunAsync("Verifying", _ => session.Get<RollupReconciler>().RunAsync(limiter, token));
            await session.Get<BackfillSender>().SendOwedAsync(() => false, young: true, token);

            run.Output.WriteOne(new ReconcileRow(result.Outcome, result.AccountsVerified, result.DaysVerified, result.DaysDiffering, result.Ranges.Count));
            if (result.Outcome == RunOutcome.TimeUp) run.Note("Time is up. The next run goes on with the next account.");
            if (result.DaysDiffering == 0) return ExitCode.Done;
            run.Note($"{Words.Count(result.DaysDiffering, "day")} differed and will be rebuilt: 'tally rollups drift' shows how, 'tally queues list' what waits.");
            return ExitCode.No;
        });
    }

    private sealed record ReconcileRow(RunOutcome Outcome, int AccountsVerified, int DaysVerified, int DaysDiffering, int RangesQueued);
}
