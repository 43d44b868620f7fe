using Tally.Billing.Allowances;
using Tally.Cli.Shell;

namespace Tally.Cli.Billing;

/// <summary><c>tally billing allowance</c></summary>
internal static class AllowanceCommands
{
    private const string YearOrCurrent = "The calendar year; the current one unless given.";

    public static Noun Create() => new(
        "allowance", "Free SMS fragments per service and year.",
        Get(),
        Set(),
        Fill("defaults", "Give every active service without an allowance the default of the year.", (book, year, token) => book.SetDefaultsAsync(year, token)),
        Fill("copy-previous", "Give every active service without an allowance that of its latest year before.", (book, year, token) => book.CopyPreviousAsync(year, token)));

    private static Verb Get()
    {
        var (service, year) = (BillingInputs.Service(), BillingInputs.Year(YearOrCurrent));
        return new("get", "Show a service's free SMS fragments of a year.", [service, year], async (run, token) =>
        {
            await run.RequireServiceAsync(run.Value(service), token);
            var allowance = await (await run.GetAsync<AllowanceBook>(token)).GetAsync(run.Value(service), run.Value(year), token);
            run.Output.WriteOne(allowance);
            if (allowance.AllowanceMissing)
                run.Note($"No allowance is set for {allowance.FinancialYearStart}: everything is charged. The limit shown is the default; 'tally billing allowance defaults --year {allowance.FinancialYearStart}' sets it.");
        });
    }

    private static Verb Set()
    {
        var limit = ValueKinds.Number(0).Argument("LIMIT", "Free fragments in the year.");
        var (service, year) = (BillingInputs.Service(), BillingInputs.Year(YearOrCurrent));
        return new("set", "Set a service's free SMS fragments of a year; from the current year on also of later years that have some.", [limit, service, year], async (run, token) =>
        {
            var book = await run.GetAsync<AllowanceBook>(token);
            run.Output.WriteOne(await book.SetAsync(run.Value(service), run.Value(limit), run.Value(year), token));
        });
    }

    /// <summary>Allowances for all services that lack one: <c>tally billing allowance NAME --year Y</c>.</summary>
    private static Verb Fill(string name, string description, Func<AllowanceBook, int, CancellationToken, Task<int>> fill)
    {
        var year = BillingInputs.Year();
        return new(name, description, [year], async (run, token) =>
        {
            var number = run.RequireYear(year);
            run.Output.WriteOne(new FilledRow(number, await fill(await run.GetAsync<AllowanceBook>(token), number, token)));
        });
    }

    private sealed record FilledRow(int FinancialYearStart, int ServicesSet);
}
