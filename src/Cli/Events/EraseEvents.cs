using System.CommandLine;
using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Retention;
using Tally.Reporting.Rollups;

namespace Tally.Cli.Events;

/// <summary><c>tally events erase</c></summary>
internal sealed class EraseEvents : TallyCommand
{
    private readonly Option<long?> _account = CommonOptions.Account();
    private readonly Option<Guid[]> _events = new("--event") { Description = "Ids of events.", HelpName = "UUID", AllowMultipleArgumentsPerToken = true };
    private readonly Option<long?> _conversation = new("--conversation") { Description = "All events of a conversation.", HelpName = "ID" };
    private readonly Option<bool> _all = new("--all") { Description = "The account itself, and everything that is kept for it." };
    private readonly Option<bool> _yes = CommonOptions.Yes();

    public EraseEvents()
        : base("erase", "Erase events, a conversation's events, or an account with all that is kept for it. Totals follow. Exit code 1 if you decline.")
    {
        _account.Required = true;
        Add(_account);
        Add(_events);
        Add(_conversation);
        Add(_all);
        Add(_yes);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var (account, events, conversation) = (context.Value(_account)!.Value, context.Value(_events) ?? [], context.Value(_conversation));
        if ((events.Length > 0 ? 1 : 0) + (conversation is null ? 0 : 1) + (context.Value(_all) ? 1 : 0) != 1)
            throw new CommandException("Say what to erase, and one thing at a time: --event, --conversation or --all.");

        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var what = events.Length > 0 ? $"{Words.Count(events.Length, "event")} of account {account}"
            : conversation is { } id ? $"the events of conversation {id} of account {account}"
            : $"account {account} with all its events, rollups and backfills";
        if (!context.Value(_yes) && !await context.Prompts.ConfirmAsync($"Erase {what} for good?", cancellationToken))
        {
            context.Note("Nothing was erased. Answer y, or use --yes.");
            return ExitCode.No;
        }

        if (context.Value(_all)) return await EraseAccountAsync(context, session, account, cancellationToken);

        var eraser = session.Get<EventEraser>();
        var result = conversation is { } number
            ? await eraser.EraseConversationAsync(account, number, cancellationToken)
            : await eraser.EraseAsync(account, events, cancellationToken);
        context.Output.WriteOne(new EraseRow(account, result.Events, result.RebuiltDays, result.AdjustedDays, result.UntouchedDays, result.PurgedEvents));
        if (result.PurgedEvents > 0) context.Note($"{Words.Count(result.PurgedEvents, "event")} had been purged: what they added stays in the totals, since nobody knows it any more.");
        if (result.UntouchedDays.Count > 0) context.Note($"The totals of {Words.Count(result.UntouchedDays.Count, "day")} stay: they were frozen in a former zone.");
        return ExitCode.Done;
    }

    private static async Task<ExitCode> EraseAccountAsync(CommandContext context, Session session, long account, CancellationToken cancellationToken)
    {
        var erasure = await context.Progress.RunAsync($"Erasing account {account}", 0, progress =>
            session.Get<AccountEraser>().EraseAsync(account, Progress.Of<long>(rows => progress.Report(rows)), cancellationToken));
        if (erasure is { WasThere: false, Rows: 0 }) throw new UnknownAccountException(account);
        context.Output.WriteOne(new AccountErasureRow(account, erasure.Rows));
        return ExitCode.Done;
    }

    private sealed record EraseRow(
        long AccountId, long Events, IReadOnlyList<LocalDate> RebuiltDays, IReadOnlyList<LocalDate> AdjustedDays, IReadOnlyList<LocalDate> UntouchedDays, int PurgedEvents);

    private sealed record AccountErasureRow(long AccountId, long Rows);
}
