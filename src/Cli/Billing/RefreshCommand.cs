using NodaTime;
using Microsoft.Extensions.Options;
using Tally.Billing;
using Tally.Billing.Refresh;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Billing;

/// <summary><c>tally billing refresh</c></summary>
internal static class RefreshCommand
{
    public static Verb Create()
    {
        var date = ValueKinds.Date.Optional("--date", "Only this UTC day.");
        var back = ValueKinds.Number(0, 3660).Optional("--days", "Today and this many days before; without --date or --days as many as a night refreshes.");
        var service = BillingInputs.OnlyService();
        var force = Inputs.Flag("--force", "Also remove facts of services whose messages of the day have been purged.");
        return new("refresh", "Bring the billing facts of days up to date. Exit code 1 if not everything could be applied.", [date, back, service, force], async (run, token) =>
        {
            if (run.Value(date) is not null && run.Value(back) is not null) throw new CommandException("--date and --days exclude each other. Give one of them.");
            var session = await run.OpenAsync(ServerNeeds.Database, token);
            await run.RequireServiceAsync(run.Value(service), token);
            var today = run.Clock.GetCurrentInstant().InUtc().Date;
            LocalDate[] days = run.Value(date) is { } only
                ? [only]
                : [.. Enumerable.Range(0, (run.Value(back) ?? session.Get<IOptions<BillingOptions>>().Value.NightlyDays) + 1).Select(days => today.PlusDays(-days))];

            var results = await run.Progress.RunAsync("Refreshing", days.Length, "days", progress =>
            {
                var done = 0;
                return session.Get<ManualRefresh>().RefreshAsync(
                    days, run.Value(service) is { } id ? [id] : null, run.Value(force), _ => progress.Report(++done), token);
            });
            run.Output.WriteList(results);
            Explain(run, results);
            return results.All(result => result.IsApplied()) ? ExitCode.Done : ExitCode.No;
        });
    }

    private static void Explain(CommandContext run, IReadOnlyList<RefreshedDay> results)
    {
        foreach (var month in results.Where(result => result.Held > 0).Select(result => Words.Of(result.LocalDate.ToYearMonth())).Distinct())
            run.Note($"{month} is closed: its corrections are held. 'tally billing corrections --month {month}' shows them, 'tally billing reopen {month}' applies them.");
        if (results.Any(result => result.Kept > 0))
            run.Note("Some facts were kept although their services' messages of the day have been purged. --force removes them.");
    }
}
