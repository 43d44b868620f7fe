using System.CommandLine;
using System.CommandLine.Parsing;
using NodaTime;
using NodaTime.Text;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Reports;
using Tally.Reporting.Rollups;

namespace Tally.Cli.Rollups;

/// <summary>An end of a report's range: a day of the zone that the report is in, or an instant.</summary>
internal readonly record struct ReportBound(LocalDate? Date, Instant Instant)
{
    /// <summary>The first instant of a range that begins here.</summary>
    public Instant StartIn(DateTimeZone zone) => Date is { } date ? LocalDay.Of(date, zone).Start : Instant;

    /// <summary>The first instant after a range that ends here; a day is included.</summary>
    public Instant EndIn(DateTimeZone zone) => Date is { } date ? LocalDay.Of(date, zone).End : Instant;
}

/// <summary>What a report is asked with.</summary>
internal sealed record ReportArguments(long AccountId, Instant From, Instant To, bool BusinessHours, ReportZone Zone, ReportSourceChoice Source);

/// <summary>The options that <c>rollups report</c> and <c>rollups summary</c> share.</summary>
internal sealed class ReportOptions
{
    private readonly Option<long?> _account = CommonOptions.Account();
    private readonly Option<ReportBound?> _from = Bound("--from", "First day, or an instant such as 2026-03-01T09:00:00Z.");
    private readonly Option<ReportBound?> _to = Bound("--to", "Last day, included; or an instant, which is not.");
    private readonly Option<bool> _businessHours = new("--business-hours") { Description = "Average seconds of working hours." };
    private readonly Option<string?> _timezone = new("--timezone") { Description = "IANA id of the zone of the days; by default the account's own.", HelpName = "ZONE" };
    private readonly Option<string?> _offset = new("--offset") { Description = "Offset from UTC instead of a zone: -5, 5.75, +5:45.", HelpName = "HOURS" };
    private readonly Option<ReportSourceChoice?> _source = CommonOptions.Choice<ReportSourceChoice>(
        "--source", "auto: rollups where the account's reports read them and days are covered, raw events elsewhere.");

    public void AddTo(Command command)
    {
        _account.Required = _from.Required = _to.Required = true;
        foreach (var option in (Option[])[_account, _from, _to, _businessHours, _timezone, _offset, _source]) command.Add(option);
    }

    /// <exception cref="CommandException">The options do not go together.</exception>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public async Task<ReportArguments> ReadAsync(CommandContext context, Session session, CancellationToken cancellationToken)
    {
        if (context.Value(_timezone) is not null && context.Value(_offset) is not null) throw new CommandException("--timezone and --offset both name the days' zone. Use one of them.");
        var id = context.Value(_account)!.Value;
        var account = await session.Get<AccountStore>().FindAsync(id, cancellationToken) ?? throw new UnknownAccountException(id);
        var zone = context.Value(_timezone) is { } name ? ReportZone.Named(name)
            : context.Value(_offset) is { } offset ? ReportZone.ParseOffset(offset)
            : ReportZone.Of(account);
        return new ReportArguments(
            id, context.Value(_from)!.Value.StartIn(zone.Zone), context.Value(_to)!.Value.EndIn(zone.Zone),
            context.Value(_businessHours), zone, context.Value(_source) ?? ReportSourceChoice.Auto);
    }

    private static Option<ReportBound?> Bound(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "YYYY-MM-DD|INSTANT",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (LocalDatePattern.Iso.Parse(text) is { Success: true, Value: var date }) return new ReportBound(date, default);
            if (OffsetDateTimePattern.ExtendedIso.Parse(text) is { Success: true, Value: var time }) return new ReportBound(null, time.ToInstant());
            result.AddError($"{name} is '{text}', which is neither a date such as 2026-03-29 nor an instant such as 2026-03-29T09:00:00Z.");
            return null;
        },
    };
}

/// <summary>What is said of a report beside its numbers.</summary>
internal static class ReportNotes
{
    public static void Write(CommandContext context, Report report)
    {
        context.Note($"From {string.Join("; ", PartRow.Of(report).Select(part => part.ToString()))}. {(report.Covered ? "Rollups cover every day." : "Rollups do not cover every day.")}");
        if (report.MissingDays.Count > 0)
            context.Note($"Incomplete: the raw events of {Words.Count(report.MissingDays.Count, "day")} from {Dates.Format(report.MissingDays[0])} on were purged, and totals of whole days do not fit this range, grouping or zone.");
    }
}

/// <summary>The days of one source, inside a result.</summary>
internal sealed record PartRow(ReportSource Source, LocalDate From, LocalDate To) : Shell.Output.INested
{
    public static PartRow[] Of(Report report) => [.. report.Parts.Select(part => new PartRow(part.Source, part.From, part.To))];

    public override string ToString() => $"{(Source == ReportSource.Raw ? "raw events" : "rollups")}: {Dates.Format(From)} to {Dates.Format(To)}";
}
