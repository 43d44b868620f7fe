using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting.Accounts;
using Tally.Reporting.Retention;
using Tally.Reporting.Rollups;

namespace Tally.Cli.Events;

/// <summary><c>tally events</c>: what removes them here, what brings them in beside.</summary>
internal static class EventCommands
{
    public static Noun Create() => new(
        "events", "Reporting events: bring them in through the queue or as history, remove them.",
        SendEvents.Create(), ImportEvents.Create(), Purge(), PurgeDueCommand.Create(), Erase());

    private static Verb Purge()
    {
        var (account, yes) = (Inputs.Account(), Inputs.Yes());
        var before = ValueKinds.Date.Required("--before", "The first day that keeps its raw events, in the account's zone.");
        return new("purge", "Remove the raw events of old days whose rollups verify as right; totals stay. Exit code 1 if a day is left or you decline.", [account, before, yes], async (run, token) =>
        {
            var purger = await run.GetAsync<EventPurger>(token);
            var (id, day) = (run.Value(account), run.Value(before));
            var question = $"Remove the raw events of account {id} before {Words.Of(day)}? Reports by hour or in other zones lose these days.";
            if (!await run.ConfirmAsync(yes, question, "Purge cancelled", token)) return ExitCode.No;

            var result = await run.Progress.RunAsync("Purging", 0, "days", progress => purger.PurgeAsync(id, day, Progress.Of<int>(days => progress.Report(days)), token));
            var uncovered = result.Refused.Where(refused => refused.Refusal == PurgeRefusal.NotCovered).ToList();
            var differing = result.Refused.Where(refused => refused.Refusal == PurgeRefusal.Differs).ToList();
            run.Output.WriteOne(new PurgeRow(id, day, result.DaysPurged, result.EventsPurged, result.EventsKept, uncovered.Count, differing.Count));
            if (result.EventsKept > 0) run.Note($"{Words.Count(result.EventsKept, "bot event")} stay: reports count their conversations over whole ranges.");
            if (uncovered.Count > 0) run.Note($"{Words.Count(uncovered.Count, "day")} left, from {Words.Of(uncovered[0].Date)} on: not covered by rollups. 'tally rollups backfill --account {id}' builds them.");
            if (differing.Count > 0) run.Note($"{Words.Count(differing.Count, "day")} left, from {Words.Of(differing[0].Date)} on: their rollups differ from the raw events and are marked dirty. 'tally rollups drift' shows how.");
            return result.Refused.Count == 0 ? ExitCode.Done : ExitCode.No;
        });
    }

    private static Verb Erase()
    {
        var (account, yes) = (Inputs.Account(), Inputs.Yes());
        var ids = ValueKinds.Uuid.Many("--event", "Ids of events.");
        var conversation = ValueKinds.Id.Optional("--conversation", "All events of a conversation.");
        var all = Inputs.Flag("--all", "The account itself, and everything that is kept for it.");
        return new("erase", "Erase events, a conversation's events, or an account with all that is kept for it. Totals follow. Exit code 1 if you decline.", [account, ids, conversation, all, yes], async (run, token) =>
        {
            var (id, events) = (run.Value(account), run.Value(ids) ?? []);
            if ((events.Length > 0 ? 1 : 0) + (run.Value(conversation) is null ? 0 : 1) + (run.Value(all) ? 1 : 0) != 1)
                throw new CommandException("Say what to erase, and one thing at a time: --event, --conversation or --all.");

            var session = await run.OpenAsync(ServerNeeds.Database, token);
            var what = events.Length > 0 ? $"{Words.Count(events.Length, "event")} of account {id}"
                : run.Value(conversation) is { } number ? $"the events of conversation {number} of account {id}"
                : $"account {id} with all its events, rollups and backfills";
            if (!await run.ConfirmAsync(yes, $"Erase {what} for good?", "Nothing was erased", token)) return ExitCode.No;

            if (run.Value(all)) await EraseAccountAsync(run, session.Get<AccountEraser>(), id, token);
            else Write(run, id, await run.Progress.RunAsync("Erasing", _ => EraseEventsAsync(session.Get<EventEraser>(), id, events, run.Value(conversation), token)));
            return ExitCode.Done;
        });
    }

    private static Task<EraseResult> EraseEventsAsync(EventEraser eraser, long account, Guid[] events, long? conversation, CancellationToken cancellationToken) =>
        conversation is { } id ? eraser.EraseConversationAsync(account, id, cancellationToken) : eraser.EraseAsync(account, events, cancellationToken);

    private static void Write(CommandContext run, long account, EraseResult result)
    {
        run.Output.WriteOne(new EraseRow(account, result.Events, result.RebuiltDays, result.PurgedEvents, result.RememberedIds, result.RememberedConversations));
        if (result.PurgedEvents > 0) run.Note($"{Words.Count(result.PurgedEvents, "event")} had been purged: what they added stays in the totals, since nobody knows it any more.");
        if (result.RememberedIds > 0) run.Note($"{Words.Count(result.RememberedIds, "id")} not stored: remembered, and refused when an event comes with one.");
        if (result.RememberedConversations > 0) run.Note($"{Words.Count(result.RememberedConversations, "conversation")} remembered: its events that are still on their way are refused when they come, those created after now are not.");
    }

    private static async Task EraseAccountAsync(CommandContext run, AccountEraser eraser, long account, CancellationToken cancellationToken)
    {
        var erasure = await run.Progress.RunAsync($"Erasing account {account}", 0, "rows", progress =>
            eraser.EraseAsync(account, Progress.Of<long>(rows => progress.Report(rows)), cancellationToken));
        if (erasure is { WasThere: false, Rows: 0 }) throw new UnknownAccountException(account);
        run.Output.WriteOne(new AccountErasureRow(account, erasure.Rows));
    }

    private sealed record PurgeRow(long AccountId, LocalDate Before, int DaysPurged, long EventsPurged, long EventsKept, int DaysNotCovered, int DaysDiffering);

    private sealed record EraseRow(
        long AccountId, long Events, IReadOnlyList<LocalDate> RebuiltDays, int PurgedEvents, int RememberedIds, int RememberedConversations);

    private sealed record AccountErasureRow(long AccountId, long Rows);
}
