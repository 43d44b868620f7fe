using System.CommandLine;
using System.Globalization;
using NodaTime;
using Tally.Billing;
using Tally.Billing.Months;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Billing;

/// <summary><c>tally billing corrections</c></summary>
internal sealed class ListCorrections : TallyCommand
{
    private readonly Option<YearMonth> _month = BillingValues.MonthOption();
    private readonly Option<Guid?> _service = BillingValues.Service("Only this service.");
    private readonly Option<bool> _provisional = new("--provisional") { Description = "Also the growth of days that were still running." };

    public ListCorrections()
        : base("corrections", "Show how a month's facts changed after their days had been billed: what, from, to, when.")
    {
        Add(_month);
        Add(_service);
        Add(_provisional);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        if (context.Value(_service) is { } service) await session.Get<ServiceDirectory>().RequireServiceAsync(service, cancellationToken);
        context.Output.WriteList(await session.Get<Corrections>().ListAsync(
            context.Value(_month), context.Value(_service), context.Value(_provisional), cancellationToken));
        return ExitCode.Done;
    }
}

/// <summary><c>tally billing close</c></summary>
internal sealed class CloseMonth : TallyCommand
{
    private readonly Argument<YearMonth> _month = BillingValues.MonthArgument();

    public CloseMonth()
        : base("close", "Close a month: from now on changes of its facts are held, not applied.") => Add(_month);

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        if (!await session.Get<ClosedMonths>().CloseAsync(context.Value(_month), cancellationToken)) context.Note("It was closed already.");
        context.Output.WriteOne(new MonthRow(MonthRow.NameOf(context.Value(_month)), "closed", 0));
        return ExitCode.Done;
    }
}

/// <summary><c>tally billing reopen</c></summary>
internal sealed class ReopenMonth : TallyCommand
{
    private readonly Argument<YearMonth> _month = BillingValues.MonthArgument();

    public ReopenMonth()
        : base("reopen", "Open a closed month again and apply the corrections held meanwhile. Exit code 1 if it is not closed.") => Add(_month);

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var applied = await session.Get<ClosedMonths>().ReopenAsync(context.Value(_month), cancellationToken);
        context.Output.WriteOne(new MonthRow(MonthRow.NameOf(context.Value(_month)), "open", applied ?? 0));
        if (applied is not null) return ExitCode.Done;
        context.Note("It was not closed.");
        return ExitCode.No;
    }
}

/// <summary>A month and how many held corrections were applied.</summary>
internal sealed record MonthRow(string Month, string State, int CorrectionsApplied)
{
    public static string NameOf(YearMonth month) => month.ToString("uuuu'-'MM", CultureInfo.InvariantCulture);
}
