using System.CommandLine;
using NodaTime;
using Tally.Billing;
using Tally.Billing.Reports;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Billing;

/// <summary>A report over days of one year: <c>tally billing NAME --from D --to D</c>.</summary>
internal sealed class PeriodReport<TRow> : TallyCommand
{
    private readonly Option<string> _from = BillingValues.From();
    private readonly Option<string> _to = BillingValues.To();
    private readonly Func<Session, BillingPeriod, CancellationToken, Task<IReadOnlyList<TRow>>> _fetch;

    public PeriodReport(string name, string description, Func<Session, BillingPeriod, CancellationToken, Task<IReadOnlyList<TRow>>> fetch)
        : base(name, description)
    {
        _fetch = fetch;
        Add(_from);
        Add(_to);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var period = BillingValues.PeriodOf(context, _from, _to);
        context.Output.WriteList(await _fetch(await context.OpenAsync(ServerNeeds.Database, cancellationToken), period, cancellationToken));
        return ExitCode.Done;
    }
}

/// <summary>A service's year: <c>tally billing NAME --service S --year Y</c>.</summary>
internal sealed class ServiceYearReport<TRow> : TallyCommand
{
    private readonly Option<Guid?> _service = BillingValues.Service();
    private readonly Option<int?> _year = BillingValues.Year();
    private readonly Func<ServiceUsage, Guid, int, CancellationToken, Task<IReadOnlyList<TRow>>> _fetch;

    public ServiceYearReport(string name, string description, Func<ServiceUsage, Guid, int, CancellationToken, Task<IReadOnlyList<TRow>>> fetch)
        : base(name, description)
    {
        _fetch = fetch;
        _service.Required = true;
        Add(_service);
        Add(_year);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var (service, year) = (context.Value(_service)!.Value, BillingValues.RequireYear(context, _year));
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        await session.Get<ServiceDirectory>().RequireServiceAsync(service, cancellationToken);
        context.Output.WriteList(await _fetch(session.Get<ServiceUsage>(), service, year, cancellationToken));
        return ExitCode.Done;
    }
}

/// <summary><c>tally billing organization</c></summary>
internal sealed class ShowOrganization : TallyCommand
{
    private readonly Option<Guid?> _organization = BillingValues.Organization();
    private readonly Option<int?> _year = BillingValues.Year();

    public ShowOrganization()
        : base("organization", "Show what each live service of an organization used in a year, and what it costs.")
    {
        _organization.Required = true;
        Add(_organization);
        Add(_year);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var (organization, year) = (context.Value(_organization)!.Value, BillingValues.RequireYear(context, _year));
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        await session.Get<ServiceDirectory>().RequireOrganizationAsync(organization, cancellationToken);
        context.Output.WriteList(await session.Get<OrganizationUsage>().FetchYearAsync(organization, year, cancellationToken));
        return ExitCode.Done;
    }
}

/// <summary><c>tally billing organization-emails</c></summary>
internal sealed class ShowOrganizationEmails : TallyCommand
{
    private readonly Option<Guid?> _organization = BillingValues.Organization();
    private readonly Option<string> _from = BillingValues.From();
    private readonly Option<string> _to = BillingValues.To();

    public ShowOrganizationEmails()
        : base("organization-emails", "Show how many emails each live service of an organization sent.")
    {
        _organization.Required = true;
        Add(_organization);
        Add(_from);
        Add(_to);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var (organization, period) = (context.Value(_organization)!.Value, BillingValues.PeriodOf(context, _from, _to));
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        await session.Get<ServiceDirectory>().RequireOrganizationAsync(organization, cancellationToken);
        context.Output.WriteList(await session.Get<OrganizationUsage>().FetchEmailsAsync(organization, period, cancellationToken));
        return ExitCode.Done;
    }
}

/// <summary><c>tally billing allowance-remainder</c></summary>
internal sealed class ShowAllowanceRemainder : TallyCommand
{
    private readonly Option<string> _until = new("--until") { Description = "The day before which SMS count.", HelpName = "YYYY-MM-DD", Required = true };

    public ShowAllowanceRemainder()
        : base("allowance-remainder", "Show what is left of each service's free allowance of a year before a day.") => Add(_until);

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        LocalDate until = BillingPeriod.ParseDate(context.Value(_until)!);
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        context.Output.WriteList(await session.Get<AllServicesUsage>().FetchAllowanceRemainderAsync(until, cancellationToken));
        return ExitCode.Done;
    }
}

/// <summary><c>tally billing details</c></summary>
internal sealed class ShowDetails() : TallyCommand("details", "Show whom to bill for each service.")
{
    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        context.Output.WriteList(await session.Get<BillingDetails>().FetchAllAsync(cancellationToken));
        return ExitCode.Done;
    }
}
