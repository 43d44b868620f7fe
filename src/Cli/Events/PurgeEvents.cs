using System.CommandLine;
using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting.Accounts;
using Tally.Reporting.Retention;

namespace Tally.Cli.Events;

/// <summary><c>tally events purge</c></summary>
internal sealed class PurgeEvents : TallyCommand
{
    private readonly Option<long?> _account = CommonOptions.Account();
    private readonly Option<LocalDate?> _before = CommonOptions.Date("--before", "The first day that keeps its raw events, in the account's zone.");
    private readonly Option<bool> _yes = CommonOptions.Yes();

    public PurgeEvents()
        : base("purge", "Remove the raw events of old days whose rollups verify as right; totals stay. Exit code 1 if a day is left or you decline.")
    {
        _account.Required = _before.Required = true;
        Add(_account);
        Add(_before);
        Add(_yes);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var (account, before) = (context.Value(_account)!.Value, context.Value(_before)!.Value);
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        if (!context.Value(_yes) && !await context.Prompts.ConfirmAsync($"Remove the raw events of account {account} before {Dates.Format(before)}? Reports by hour or in other zones lose these days.", cancellationToken))
        {
            context.Note("Purge cancelled. Answer y, or use --yes.");
            return ExitCode.No;
        }

        var result = await context.Progress.RunAsync("Purging", 0, progress =>
            session.Get<EventPurger>().PurgeAsync(account, before, Progress.Of<int>(days => progress.Report(days)), cancellationToken));
        var (uncovered, differing) = (Count(PurgeRefusal.NotCovered), Count(PurgeRefusal.Differs));
        context.Output.WriteOne(new PurgeRow(account, before, result.DaysPurged, result.EventsPurged, result.EventsKept, uncovered, differing));
        if (result.EventsKept > 0) context.Note($"{Words.Count(result.EventsKept, "bot event")} stay: reports count their conversations over whole ranges.");
        if (uncovered > 0) context.Note($"{Words.Count(uncovered, "day")} left, from {First(PurgeRefusal.NotCovered)} on: not covered by rollups. 'tally rollups backfill --account {account}' builds them.");
        if (differing > 0) context.Note($"{Words.Count(differing, "day")} left, from {First(PurgeRefusal.Differs)} on: their rollups differ from the raw events and are marked dirty. 'tally rollups drift' shows how.");
        return result.Refused.Count == 0 ? ExitCode.Done : ExitCode.No;

        int Count(PurgeRefusal refusal) => result.Refused.Count(day => day.Refusal == refusal);

        string First(PurgeRefusal refusal) => Dates.Format(result.Refused.First(day => day.Refusal == refusal).Date);
    }

    private sealed record PurgeRow(long AccountId, LocalDate Before, int DaysPurged, long EventsPurged, long EventsKept, int DaysNotCovered, int DaysDiffering);
}
