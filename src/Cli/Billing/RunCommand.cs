using Microsoft.Extensions.Options;
using Tally.Billing;
using Tally.Billing.Refresh;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Scheduling;

namespace Tally.Cli.Billing;

/// <summary><c>tally billing run</c>: what the timer does, now.</summary>
internal static class RunCommand
{
    public static Verb Create() => new(
        "run", "Do what the timer does: refresh what is due within Billing:MaxRuntime, and queue the alerts that come of it.", [], async (run, token) =>
        {
            var session = await run.OpenAsync(ServerNeeds.Both, token);
            var limiter = new RuntimeLimiter(session.Get<IOptions<BillingOptions>>().Value.MaxRuntime, TimeProvider.System);
            var result = await run.Progress.RunAsync("Refreshing what is due", _ => session.Get<BillingRefresher>().RunAsync(limiter, token));

            run.Output.WriteOne(new RunRow(result.Outcome, result.Alerts));
            if (result.Outcome == RunOutcome.LeaseHeldElsewhere) run.Note("Another worker is at it; its lease runs out by itself if it hangs.");
            if (result.Outcome == RunOutcome.TimeUp) run.Note("Time is up. The days that are done stay: the next run goes on from there.");
        });

    private sealed record RunRow(RunOutcome Outcome, int Alerts);
}
