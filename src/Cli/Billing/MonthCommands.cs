using Tally.Billing.Months;
using Tally.Cli.Shell;

namespace Tally.Cli.Billing;

/// <summary>Billing months: how they changed, closed or open.</summary>
internal static class MonthCommands
{
    public static Verb Corrections()
    {
        var month = ValueKinds.Month.Required("--month", "The month.");
        var service = BillingInputs.OnlyService();
        var provisional = Inputs.Flag("--provisional", "Also the growth of days that were still running.");
        return new("corrections", "Show how a month's facts changed after their days had been billed: what, from, to, when.", [month, service, provisional], async (run, token) =>
        {
            await run.RequireServiceAsync(run.Value(service), token);
            var corrections = await run.GetAsync<Corrections>(token);
            run.Output.WriteList(await corrections.ListAsync(run.Value(month), run.Value(service), run.Value(provisional), token));
        });
    }

    public static Verb Close()
    {
        var month = BillingInputs.Month();
        return new("close", "Close a month: from now on changes of its facts are held, not applied.", [month], async (run, token) =>
        {
            var months = await run.GetAsync<ClosedMonths>(token);
            if (!await months.CloseAsync(run.Value(month), token)) run.Note("It was closed already.");
            run.Output.WriteOne(new MonthRow(Words.Of(run.Value(month)), "closed", 0));
        });
    }

    public static Verb Reopen()
    {
        var month = BillingInputs.Month();
        return new("reopen", "Open a closed month again and apply the corrections held meanwhile. Exit code 1 if it is not closed.", [month], async (run, token) =>
        {
            var applied = await (await run.GetAsync<ClosedMonths>(token)).ReopenAsync(run.Value(month), token);
            run.Output.WriteOne(new MonthRow(Words.Of(run.Value(month)), "open", applied ?? 0));
            if (applied is not null) return ExitCode.Done;
            run.Note("It was not closed.");
            return ExitCode.No;
        });
    }

    private sealed record MonthRow(string Month, string State, int CorrectionsApplied);
}
