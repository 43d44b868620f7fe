using NodaTime;
using Tally.Cli.Accounts;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups backfill</c>: questions and answers first, then the work, then what to do next.</summary>
internal static class BackfillRollups
{
    // From here on the person should know that it takes a while.
    private const int LargeDays = 730;

    public static Verb Create()
    {
        var account = Inputs.AnyAccount("without it, you are asked");
        var from = ValueKinds.Date.Optional("--from", "First day, in the account's zone; by default the first event's.");
        var to = ValueKinds.Date.Optional("--to", "Last day, included; by default the last event's, and not after yesterday.");
        var dryRun = Inputs.Flag("--dry-run", "Show what would be rebuilt, and write nothing.");
        var yes = Inputs.Yes();
        var inline = Inputs.Flag("--inline", "Rebuild the days in this process, not through the queue.");
        var noWait = Inputs.Flag("--no-wait", "Put the request on the queue and end, without watching it.");
        var enableReads = Inputs.Flag("--enable-reads", "Then let reports of the account read rollups, without asking.");
        var verb = new Verb(
            "backfill", "Rebuild the rollups of an account's days from its raw events. Exit code 1 if you decline.",
            [account, from, to, dryRun, yes, inline, noWait, enableReads], DecideAsync);
        verb.Validators.Add(result =>
        {
            if (result.GetValue(inline) && result.GetValue(noWait)) result.AddError("--inline does the work itself, so --no-wait does not go with it.");
        });
        return verb;

        async Task<ExitCode> DecideAsync(CommandContext run, CancellationToken token)
        {
            RollupCommands.RequireOrder(run.Value(from), run.Value(to));
            var session = await run.OpenAsync(run.Value(dryRun) || run.Value(inline) ? ServerNeeds.Database : ServerNeeds.Both, token);
            var isGuided = run.Value(account) is null;
            if (isGuided) BackfillPlanText.Introduce(run);
            var found = await session.Get<AccountStore>().RequireAsync(run, run.Value(account), token);
            run.Note($"Found account: {found.Name} ({found.Id})");

            var plan = await session.Get<BackfillPlanner>().PlanAsync(found.Id, run.Value(from), run.Value(to), token);
            var text = new BackfillPlanText(run, plan);
            text.Discovered();
            if (plan.Nothing is { } reason)
            {
                run.Note($"{reason}. Nothing to backfill.");
                return ExitCode.Done;
            }

            var isDryRun = run.Value(dryRun) || (isGuided && !run.Value(yes) && await run.ConfirmAsync("Dry run?", token));
            text.Summary(isDryRun);
            if (isDryRun)
            {
                text.DryRun();
                return ExitCode.Done;
            }

            if (plan.DayCount > LargeDays) text.Large();
            if (!await run.ConfirmAsync(yes, "Proceed with backfill?", "Backfill cancelled", token)) return ExitCode.No;
            var request = await session.Get<BackfillRequests>().RequestAsync(plan, "tally rollups backfill", cancellationToken: token);
            return await RebuildAsync(run, session, request, token);
        }

        async Task<ExitCode> RebuildAsync(CommandContext run, Session session, BackfillRequest request, CancellationToken token)
        {
            var start = new BackfillStart(run, session);
            if (run.Value(inline)) await start.RebuildInlineAsync(request, token);
            else await start.StartAsync(request, token);
            if (run.Value(noWait) && !start.MustBeInline)
            {
                run.Output.WriteOne(ProgressRow.Of(await session.Get<BackfillRequests>().GetAsync(request.Id, token)));
                run.Note($"Watch it with 'tally rollups progress --account {request.AccountId}'.");
                return ExitCode.Done;
            }

            var end = await new BackfillWatch(run, session.Get<BackfillRequests>()).WaitAsync(request, token);
            // The question comes after the backfill's own result, so that its failure is not taken for the backfill's.
            if (!WriteResult(run, end)) return ExitCode.Error;
            await OfferReadsAsync(run, session.Get<AccountStore>(), request.AccountId, run.Value(enableReads), mayAsk: !run.Value(yes), token);
            return ExitCode.Done;
        }
    }

    /// <returns>Whether every day is done.</returns>
    private static bool WriteResult(CommandContext run, BackfillProgress end)
    {
        var took = end.LastFinishedAt is { } last ? Duration.Max(last - end.Request.RequestedAt, Duration.Zero) : Duration.Zero;
        var seconds = decimal.Round((decimal)took.TotalSeconds, 2);
        run.Output.WriteOne(new SummaryRow(
            end.Request.Id, end.Request.AccountId, end.State, end.DaysTotal, end.DaysDone, end.DaysKept, end.DaysFailed,
            seconds, end.DaysDone == 0 ? 0 : decimal.Round(seconds / end.DaysDone, 3)));

        if (end.State == "completed")
        {
            run.Note($"Backfill complete. Next: 'tally rollups verify --account {end.Request.AccountId}', then let reports read rollups.");
            if (end.DaysKept > 0) run.Note($"{Words.Count(end.DaysKept, "day")} whose raw events are gone: what the rollups held became the base. 'tally rollups explain' shows it.");
            return true;
        }

        run.Note(end.State == "cancelled"
            ? $"The request was cancelled. 'tally rollups resume {end.Request.Id}' takes it up again."
            : $"Backfill failed for {Words.Count(end.DaysFailed, "day")}: {end.LastError} Put that right, then 'tally rollups resume {end.Request.Id}'.");
        return false;
    }

    private static async Task OfferReadsAsync(CommandContext run, AccountStore accounts, long accountId, bool enable, bool mayAsk, CancellationToken cancellationToken)
    {
        if ((await accounts.RequireAsync(accountId, cancellationToken)).ReportRollup)
        {
            run.Note("report_rollup is already enabled for this account.");
            return;
        }

        if (!enable && !(mayAsk && await run.ConfirmAsync("Let reports read rollups now (report_rollup)? Only do this after verification.", cancellationToken))) return;
        await accounts.SetReportRollupAsync(accountId, true, cancellationToken);
        run.Note($"Enabled report_rollup for account {accountId}.");
    }

    private sealed record SummaryRow(
        Guid Request, long AccountId, string State, int Days, int Done, int Kept, int Failed, decimal Seconds, decimal SecondsPerDay);
}
