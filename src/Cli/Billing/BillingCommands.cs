using NodaTime;
using Tally.Billing.Reports;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;
using Tally.Dashboard.Views;

namespace Tally.Cli.Billing;

/// <summary><c>tally billing</c>: its reports here, its other nouns beside.</summary>
internal static class BillingCommands
{
    public static Noun Create() => new(
        "billing", "Billing facts of sent messages, and what they cost.",
        RefreshCommand.Create(),
        RunCommand.Create(),
        OfServiceYear<YearlyUsage>("totals", "Show a service's year per type and rate.", (usage, service, year, token) => usage.FetchTotalsAsync(service, year, token), UsageCharts.Draw),
        OfServiceYear<MonthlyUsage>("monthly", "Show a service's year per month, type and rate.", (usage, service, year, token) => usage.FetchMonthlyAsync(service, year, token), UsageCharts.Draw),
        OrganizationYear(),
        OfPeriod<AllServicesUsage, AllServicesSmsBilling>(
            "all-services", "Show the SMS of every service that sent any, and what they cost.", (usage, period, token) => usage.FetchSmsBillingAsync(period, token), UsageCharts.Draw),
        AllowanceRemainder(),
        OrganizationEmails(),
        Details(),
        OfRange<DailyVolumes>("daily-volumes", "Show each day of the platform.", (volumes, period, token) => volumes.FetchDailyAsync(period, token), UsageCharts.Draw),
        OfPeriod<PlatformVolumes, ProviderVolumes>("provider-volumes", "Show each day's SMS per provider.", (volumes, period, token) => volumes.FetchProvidersAsync(period, token), UsageCharts.Draw),
        OfRange<ServiceVolumes>("volumes-by-service", "Show what each live service sent.", (volumes, period, token) => volumes.FetchByServiceAsync(period, token), UsageCharts.Draw),
        OfPeriod<AllServicesUsage, BillingReportRow>(
            "data-for-report", "Show every service with something to pay, and whom to bill.", (usage, period, token) => usage.FetchReportAsync(period, token)),
        MonthCommands.Corrections(),
        MonthCommands.Close(),
        MonthCommands.Reopen(),
        RateCommands.Create(),
        AllowanceCommands.Create());

    /// <summary>A report over days of one year: <c>tally billing NAME --from D --to D</c>.</summary>
    private static Verb OfPeriod<TService, TRow>(
        string name, string description, Func<TService, BillingPeriod, CancellationToken, Task<IReadOnlyList<TRow>>> fetch, Action<CommandContext, IReadOnlyList<TRow>>? draw = null)
        where TService : notnull
    {
        var days = BillingInputs.Period();
        return new(name, description, [days.From, days.To], async (run, token) =>
        {
            var period = run.Value(days);
            var rows = await run.ReadAsync(fetch(await run.GetAsync<TService>(token), period, token));
            run.Output.WriteList(rows);
            draw?.Invoke(run, rows);
        });
    }

    /// <summary>A report without an allowance, over days of any years: <c>tally billing NAME --from D --to D</c>.</summary>
    private static Verb OfRange<TRow>(
        string name, string description, Func<PlatformVolumes, BillingRange, CancellationToken, Task<IReadOnlyList<TRow>>> fetch, Action<CommandContext, IReadOnlyList<TRow>> draw)
    {
        var days = BillingInputs.Range();
        return new(name, description, [days.From, days.To], async (run, token) =>
        {
            var range = run.RangeOf(days);
            var rows = await run.ReadAsync(fetch(await run.GetAsync<PlatformVolumes>(token), range, token));
            run.Output.WriteList(rows);
            draw(run, rows);
        });
    }

    /// <summary>A service's year: <c>tally billing NAME --service S --year Y</c>.</summary>
    private static Verb OfServiceYear<TRow>(
        string name, string description, Func<ServiceUsage, Guid, int, CancellationToken, Task<IReadOnlyList<TRow>>> fetch, Action<CommandContext, IReadOnlyList<TRow>> draw)
    {
        var (service, year) = (BillingInputs.Service(), BillingInputs.Year());
        return new(name, description, [service, year], async (run, token) =>
        {
            var (id, number) = (run.Value(service), run.RequireYear(year));
            await run.RequireServiceAsync(id, token);
            var rows = await run.ReadAsync(fetch(await run.GetAsync<ServiceUsage>(token), id, number, token));
            run.Output.WriteList(rows);
            draw(run, rows);
        });
    }

    private static Verb OrganizationYear()
    {
        var (organization, year) = (BillingInputs.Organization(), BillingInputs.Year());
        return new("organization", "Show what each live service of an organization used in a year, and what it costs.", [organization, year], async (run, token) =>
        {
            var (id, number) = (run.Value(organization), run.RequireYear(year));
            await run.RequireOrganizationAsync(id, token);
            var usage = await run.GetAsync<OrganizationUsage>(token);
            var rows = await run.ReadAsync(usage.FetchYearAsync(id, number, token));
            if (run.Format == OutputFormat.Html)
            {
                await run.WritePageAsync(UsagePage.Of(id, number, rows, await run.ReadAsync(usage.FetchSmsMonthsAsync(id, number, token))));
                return;
            }

            run.Output.WriteList(rows);
            UsageCharts.Draw(run, rows);
        })
        {
            DrawsPage = true,
        };
    }

    private static Verb OrganizationEmails()
    {
        var (organization, days) = (BillingInputs.Organization(), BillingInputs.Range());
        return new("organization-emails", "Show how many emails each live service of an organization sent.", [organization, days.From, days.To], async (run, token) =>
        {
            var (id, range) = (run.Value(organization), run.RangeOf(days));
            await run.RequireOrganizationAsync(id, token);
            var usage = await run.GetAsync<OrganizationUsage>(token);
            run.Output.WriteList(await run.ReadAsync(usage.FetchEmailsAsync(id, range, token)));
        });
    }

    private static Verb AllowanceRemainder()
    {
        var until = ValueKinds.Date.Required("--until", "The day before which SMS count.");
        return new("allowance-remainder", "Show what is left of each service's free allowance of a year before a day.", [until], async (run, token) =>
        {
            var usage = await run.GetAsync<AllServicesUsage>(token);
            run.Output.WriteList(await run.ReadAsync(usage.FetchAllowanceRemainderAsync(run.Value(until), token)));
        });
    }

    private static Verb Details() => new("details", "Show whom to bill for each service.", [], async (run, token) =>
    {
        var details = await run.GetAsync<BillingDetails>(token);
        run.Output.WriteList(await run.ReadAsync(details.FetchAllAsync(token)));
    });
}
