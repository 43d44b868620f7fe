using System.CommandLine;
using System.Globalization;
using NodaTime;
using NodaTime.Text;
using Tally.Billing;
using Tally.Billing.Reports;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Billing;

/// <summary><c>tally billing rates list</c></summary>
internal sealed class ListRates() : TallyCommand("list", "Show all rates, the latest first.")
{
    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        context.Output.WriteList(await session.Get<Rates>().ListAsync(cancellationToken));
        return ExitCode.Done;
    }
}

/// <summary><c>tally billing rates set</c></summary>
internal sealed class SetRate : TallyCommand
{
    private readonly Argument<string> _type = new("TYPE") { Description = "sms, email or letter; only sms is priced." };
    private readonly Argument<string> _rate = new("RATE") { Description = "The price of a fragment, as 0.0162." };
    private readonly Option<string> _from = new("--from") { Description = "Since when: a UTC day, or an instant.", HelpName = "YYYY-MM-DD[THH:MM:SSZ]", Required = true };

    public SetRate()
        : base("set", "Set the rate from an instant on, or correct the one that starts then.")
    {
        Add(_type);
        Add(_rate);
        Add(_from);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var from = ParseInstant(context.Value(_from)!);
        const NumberStyles style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        if (!decimal.TryParse(context.Value(_rate), style, CultureInfo.InvariantCulture, out var rate))
            throw new CommandException($"'{context.Value(_rate)}' is no rate. Write it as a decimal number, for example 0.0162.");

        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        context.Output.WriteOne(await session.Get<Rates>().SetAsync(context.Value(_type)!, rate, from, cancellationToken));
        var first = from.InUtc().Date.PlusDays(from.InUtc().TimeOfDay == LocalTime.Midnight ? 0 : 1);
        var passed = Period.DaysBetween(first, context.Clock.GetCurrentInstant().InUtc().Date);
        context.Note($"It is the price of days from {Dates.Format(first)} on.{(passed < 0 ? "" : $" Facts follow when they are refreshed: 'tally billing refresh --days {passed}'.")}");
        return ExitCode.Done;
    }

    private static Instant ParseInstant(string text) =>
        InstantPattern.ExtendedIso.Parse(text) is { Success: true, Value: var instant }
            ? instant
            : BillingPeriod.ParseDate(text).AtMidnight().InUtc().ToInstant();
}
