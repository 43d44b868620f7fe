using System.CommandLine;
using NodaTime;
using Tally.Cli.Accounts;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups backfill</c>: questions and answers first, then the work, then what to do next.</summary>
internal sealed class BackfillRollups : TallyCommand
{
    // From here on the person should know that it takes a while.
    private const int LargeDays = 730;

    private readonly Option<long?> _account = CommonOptions.Account("The account's number; without it, you are asked.");
    private readonly Option<LocalDate?> _from = CommonOptions.Date("--from", "First day, in the account's zone; by default the first event's.");
    private readonly Option<LocalDate?> _to = CommonOptions.Date("--to", "Last day, included; by default the last event's, and not after yesterday.");
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show what would be rebuilt, and write nothing." };
    private readonly Option<bool> _yes = CommonOptions.Yes();
    private readonly Option<bool> _inline = new("--inline") { Description = "Rebuild the days in this process, not through the queue." };
    private readonly Option<bool> _noWait = new("--no-wait") { Description = "Put the request on the queue and end, without watching it." };
    private readonly Option<bool> _force = new("--force") { Description = "Rebuild even days whose raw events are gone: their totals are lost." };
    private readonly Option<bool> _enableReads = new("--enable-reads") { Description = "Then let reports of the account read rollups, without asking." };

    public BackfillRollups()
        : base("backfill", "Rebuild the rollups of an account's days from its raw events. Exit code 1 if you decline.")
    {
        foreach (var option in (Option[])[_account, _from, _to, _dryRun, _yes, _inline, _noWait, _force, _enableReads]) Add(option);
        Validators.Add(result =>
        {
            if (result.GetValue(_inline) && result.GetValue(_noWait)) result.AddError("--inline does the work itself, so --no-wait does not go with it.");
        });
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var range = DayRange.Of(context.Value(_from), context.Value(_to));
        var session = await context.OpenAsync(context.Value(_dryRun) || context.Value(_inline) ? ServerNeeds.Database : ServerNeeds.Both, cancellationToken);
        if (context.Value(_account) is null) BackfillPlanText.Introduce(context);
        var account = await AccountQuestion.AskAsync(context, context.Value(_account), session.Get<AccountStore>(), cancellationToken);
        context.Note($"Found account: {account.Name} ({account.Id})");

        var plan = await session.Get<Backfills>().PlanAsync(account.Id, range.From, range.To, cancellationToken);
        var text = new BackfillPlanText(context, plan);
        text.Discovered();
        if (plan.Nothing is { } reason)
        {
            context.Note($"{reason}. Nothing to backfill.");
            return ExitCode.Done;
        }

        var isDryRun = context.Value(_dryRun)
            || (context.Value(_account) is null && !context.Value(_yes) && await context.Prompts.ConfirmAsync("Dry run?", cancellationToken));
        text.Summary(isDryRun);
        if (isDryRun)
        {
            text.DryRun();
            return ExitCode.Done;
        }

        if (plan.DayCount > LargeDays) text.Large();
        if (!context.Value(_yes) && !await context.Prompts.ConfirmAsync("Proceed with backfill?", cancellationToken))
        {
            context.Note("Backfill cancelled. Answer y, or use --yes.");
            return ExitCode.No;
        }

        var request = await session.Get<Backfills>().RequestAsync(plan, context.Value(_force), "tally rollups backfill", cancellationToken);
        return await RunAsync(context, session, request, cancellationToken);
    }

    private async Task<ExitCode> RunAsync(CommandContext context, Session session, BackfillRequest request, CancellationToken cancellationToken)
    {
        var start = new BackfillStart(context, session);
        if (context.Value(_inline)) await start.RebuildInlineAsync(request, cancellationToken);
        else await start.StartAsync(request, cancellationToken);
        if (context.Value(_noWait) && !start.MustBeInline)
        {
            context.Output.WriteOne(ProgressRow.Of(await session.Get<Backfills>().GetAsync(request.Id, cancellationToken)));
            context.Note($"Watch it with 'tally rollups progress --account {request.AccountId}'.");
            return ExitCode.Done;
        }

        var end = await new BackfillWatch(context, session.Get<Backfills>()).WaitAsync(request, cancellationToken);
        var succeeded = new BackfillSummary(context).Write(end);
        if (succeeded) await new ReadPathQuestion(context, session.Get<AccountStore>()).AskAsync(request.AccountId, context.Value(_enableReads), mayAsk: !context.Value(_yes), cancellationToken);
        return succeeded ? ExitCode.Done : ExitCode.Error;
    }
}
