using Microsoft.Extensions.Options;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Retention;
using Tally.Scheduling;

namespace Tally.Cli.Events;

/// <summary><c>tally events purge-due</c>: what the timer does, now.</summary>
internal static class PurgeDueCommand
{
    public static Verb Create()
    {
        var budget = ValueKinds.Time.Optional("--budget", "The time box; by default Reporting:MaxRuntime. One turn is taken however small it is.");
        var yes = Inputs.Yes();
        return new("purge-due", "Do what the timer does: remove raw events older than Reporting:RetentionDays of every account, where rollups verify. Exit code 1 if you decline.", [budget, yes], async (run, token) =>
        {
            var session = await run.OpenAsync(ServerNeeds.Database, token);
            var options = session.Get<IOptions<ReportingOptions>>().Value;
            var isKept = options.RetentionDays == 0;
            var question = $"Remove the raw events of every account that are older than {Words.Count(options.RetentionDays, "day")}? Reports by hour or in other zones lose these days.";
            if (!isKept && !await run.ConfirmAsync(yes, question, "Purge cancelled", token)) return ExitCode.No;

            var limiter = new RuntimeLimiter(run.Value(budget) ?? options.MaxRuntime, TimeProvider.System);
            var result = await run.Progress.RunAsync("Purging", _ => session.Get<ScheduledPurge>().RunAsync(limiter, token));
            run.Output.WriteOne(result);
            if (isKept) run.Note("Reporting:RetentionDays is 0: raw events are kept for ever. Only ids of events that were removed long ago were forgotten.");
            if (result.Outcome == RunOutcome.TimeUp) run.Note("Time is up. The next run goes on with the next account.");
            return ExitCode.Done;
        });
    }
}
