using System.CommandLine;
using System.Globalization;
using NodaTime;
using Microsoft.Extensions.Options;
using Tally.Billing;
using Tally.Billing.Refresh;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Billing;

/// <summary><c>tally billing refresh</c></summary>
internal sealed class RefreshDays : TallyCommand
{
    private readonly Option<LocalDate?> _date = CommonOptions.Date("--date", "Only this UTC day.");
    private readonly Option<int?> _days = new("--days") { Description = "Today and this many days before; without --date or --days as many as a night refreshes.", HelpName = "N" };
    private readonly Option<Guid?> _service = BillingValues.Service("Only this service.");
    private readonly Option<bool> _force = new("--force") { Description = "Also remove facts of services whose messages of the day have been purged." };

    public RefreshDays()
        : base("refresh", "Bring the billing facts of days up to date. Exit code 1 if not everything could be applied.")
    {
        Add(_date);
        Add(_days);
        Add(_service);
        Add(_force);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (context.Value(_date) is not null && context.Value(_days) is not null)
            throw new CommandException("--date and --days exclude each other. Give one of them.");
        if (context.Value(_days) is < 0 or > 3660)
            throw new CommandException($"--days is {context.Value(_days)}. Use a number from 0 to 3660.");

        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        if (context.Value(_service) is { } service) await session.Get<ServiceDirectory>().RequireServiceAsync(service, cancellationToken);
        var days = DaysOf(context, session.Get<IOptions<BillingOptions>>().Value.NightlyDays);
        var results = await context.Progress.RunAsync("Refreshing", days.Count, progress =>
        {
            var done = 0;
            return session.Get<BillingRefresh>().RefreshAsync(
                days, context.Value(_service) is { } only ? [only] : null, context.Value(_force), _ => progress.Report(++done), cancellationToken);
        });

        context.Output.WriteList(results);
        return Explain(context, results) ? ExitCode.Done : ExitCode.No;
    }

    private List<LocalDate> DaysOf(CommandContext context, int nightlyDays)
    {
        if (context.Value(_date) is { } date) return [date];
        var today = context.Clock.GetCurrentInstant().InUtc().Date;
        return [.. Enumerable.Range(0, (context.Value(_days) ?? nightlyDays) + 1).Select(back => today.PlusDays(-back))];
    }

    private static bool Explain(CommandContext context, IReadOnlyList<DayResult> results)
    {
        var closed = results.Where(result => result.Held > 0).Select(result => result.LocalDate.ToYearMonth()).Distinct().ToList();
        foreach (var month in closed)
        {
            var name = month.ToString("uuuu'-'MM", CultureInfo.InvariantCulture);
            context.Note($"{name} is closed: its corrections are held. 'tally billing corrections --month {name}' shows them, 'tally billing reopen {name}' applies them.");
        }

        if (results.Any(result => result.Kept > 0))
            context.Note("Some facts were kept although their services' messages of the day have been purged. --force removes them.");
        return results.All(result => result.IsApplied());
    }
}
