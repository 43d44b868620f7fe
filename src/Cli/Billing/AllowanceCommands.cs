using System.CommandLine;
using Tally.Billing;
using Tally.Billing.Allowances;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Billing;

/// <summary><c>tally billing allowance get</c></summary>
internal sealed class GetAllowance : TallyCommand
{
    private readonly Option<Guid?> _service = BillingValues.Service();
    private readonly Option<int?> _year = BillingValues.Year("The calendar year; the current one unless given.");

    public GetAllowance()
        : base("get", "Show a service's free SMS fragments of a year.")
    {
        _service.Required = true;
        Add(_service);
        Add(_year);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var service = context.Value(_service)!.Value;
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        await session.Get<ServiceDirectory>().RequireServiceAsync(service, cancellationToken);
        var allowance = await session.Get<AllowanceBook>().GetAsync(service, context.Value(_year), cancellationToken);
        context.Output.WriteOne(allowance);
        if (allowance.AllowanceMissing)
            context.Note($"No allowance is set for {allowance.FinancialYearStart}: everything is charged. The limit shown is the default; 'tally billing allowance defaults --year {allowance.FinancialYearStart}' sets it.");
        return ExitCode.Done;
    }
}

/// <summary><c>tally billing allowance set</c></summary>
internal sealed class SetAllowance : TallyCommand
{
    private readonly Argument<int> _limit = new("LIMIT") { Description = "Free fragments in the year." };
    private readonly Option<Guid?> _service = BillingValues.Service();
    private readonly Option<int?> _year = BillingValues.Year("The calendar year; the current one unless given.");

    public SetAllowance()
        : base("set", "Set a service's free SMS fragments of a year; from the current year on also of later years that have some.")
    {
        _service.Required = true;
        Add(_service);
        Add(_year);
        Add(_limit);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        context.Output.WriteOne(await session.Get<AllowanceBook>().SetAsync(
            context.Value(_service)!.Value, context.Value(_limit), context.Value(_year), cancellationToken));
        return ExitCode.Done;
    }
}

/// <summary>Allowances for all services that lack one: <c>tally billing allowance NAME --year Y</c>.</summary>
internal sealed class FillAllowances : TallyCommand
{
    private readonly Option<int?> _year = BillingValues.Year();
    private readonly Func<AllowanceBook, int, CancellationToken, Task<int>> _fill;

    public FillAllowances(string name, string description, Func<AllowanceBook, int, CancellationToken, Task<int>> fill)
        : base(name, description)
    {
        _fill = fill;
        Add(_year);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var year = BillingValues.RequireYear(context, _year);
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        context.Output.WriteOne(new FilledRow(year, await _fill(session.Get<AllowanceBook>(), year, cancellationToken)));
        return ExitCode.Done;
    }

    private sealed record FilledRow(int FinancialYearStart, int ServicesSet);
}
