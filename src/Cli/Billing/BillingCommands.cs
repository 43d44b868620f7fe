using System.CommandLine;
using Tally.Billing.Reports;

namespace Tally.Cli.Billing;

internal static class BillingCommands
{
    public static Command Create()
    {
        var billing = Commands.Group(
            "billing", "Billing facts of sent messages, and what they cost.",
            new RefreshDays(),
            new ServiceYearReport<YearlyUsage>("totals", "Show a service's year per type and rate.", (usage, service, year, token) => usage.FetchTotalsAsync(service, year, token)),
            new ServiceYearReport<MonthlyUsage>("monthly", "Show a service's year per month, type and rate.", (usage, service, year, token) => usage.FetchMonthlyAsync(service, year, token)),
            new ShowOrganization(),
            new PeriodReport<AllServicesSmsBilling>(
                "all-services", "Show the SMS of every service that sent any, and what they cost.", (session, period, token) => session.Get<AllServicesUsage>().FetchSmsBillingAsync(period, token)),
            new ShowAllowanceRemainder(),
            new ShowOrganizationEmails(),
            new ShowDetails(),
            new PeriodReport<DailyVolumes>("daily-volumes", "Show each day of the platform.", (session, period, token) => session.Get<PlatformVolumes>().FetchDailyAsync(period, token)),
            new PeriodReport<ProviderVolumes>("provider-volumes", "Show each day's SMS per provider.", (session, period, token) => session.Get<PlatformVolumes>().FetchProvidersAsync(period, token)),
            new PeriodReport<ServiceVolumes>("volumes-by-service", "Show what each live service sent.", (session, period, token) => session.Get<PlatformVolumes>().FetchByServiceAsync(period, token)),
            new PeriodReport<BillingReportRow>(
                "data-for-report", "Show every service with something to pay, and whom to bill.", (session, period, token) => session.Get<AllServicesUsage>().FetchReportAsync(period, token)),
            new ListCorrections(),
            new CloseMonth(),
            new ReopenMonth());
        billing.Add(Commands.Group("rates", "What an SMS fragment costs, over time.", new ListRates(), new SetRate()));
        billing.Add(Commands.Group(
            "allowance", "Free SMS fragments per service and year.",
            new GetAllowance(),
            new SetAllowance(),
            new FillAllowances("defaults", "Give every active service without an allowance the default of the year.", (book, year, token) => book.SetDefaultsAsync(year, token)),
            new FillAllowances("copy-previous", "Give every active service without an allowance that of its latest year before.", (book, year, token) => book.CopyPreviousAsync(year, token))));
        return billing;
    }
}
