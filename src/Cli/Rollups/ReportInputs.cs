using System.CommandLine;
using NodaTime;
using NodaTime.Text;
using Tally.Cli.Accounts;
using Tally.Cli.Shell;
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
internal sealed class ReportInputs
{
    private static readonly ValueKind<ReportBound> Bound = new(
        "YYYY-MM-DD|INSTANT", "a date such as 2026-03-29 or an instant such as 2026-03-29T09:00:00Z", TryReadBound);

    private readonly Option<long> _account = Inputs.Account();
    private readonly Option<ReportBound> _from = Bound.Required("--from", "First day, or an instant such as 2026-03-01T09:00:00Z.");
    private readonly Option<ReportBound> _to = Bound.Required("--to", "Last day, included; or an instant, which is not.");
    private readonly Option<bool> _businessHours = Inputs.Flag("--business-hours", "Average seconds of working hours.");
    private readonly Option<string?> _timezone = Inputs.Text("--timezone", "IANA id of the zone of the days; by default the account's own.", "ZONE");
    private readonly Option<string?> _offset = Inputs.Text("--offset", "Offset from UTC instead of a zone: -5, 5.75, +5:45.", "HOURS");
    private readonly Option<ReportSourceChoice?> _source = ValueKinds.Choice<ReportSourceChoice>().Optional(
        "--source", "auto: rollups where the account's reports read them and days are covered, raw events elsewhere.");

    public IReadOnlyList<Option> All => [_account, _from, _to, _businessHours, _timezone, _offset, _source];

    /// <exception cref="CommandException">The options do not go together.</exception>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public async Task<ReportArguments> ReadAsync(CommandContext run, CancellationToken cancellationToken)
    {
        if (run.Value(_timezone) is not null && run.Value(_offset) is not null) throw new CommandException("--timezone and --offset both name the days' zone. Use one of them.");
        var account = await (await run.GetAsync<AccountStore>(cancellationToken)).RequireAsync(run.Value(_account), cancellationToken);
        var zone = run.Value(_timezone) is { } name ? ReportZone.Named(name)
            : run.Value(_offset) is { } offset ? ReportZone.ParseOffset(offset)
            : ReportZone.Of(account);
        return new ReportArguments(
            account.Id, run.Value(_from).StartIn(zone.Zone), run.Value(_to).EndIn(zone.Zone),
            run.Value(_businessHours), zone, run.Value(_source) ?? ReportSourceChoice.Auto);
    }

    private static bool TryReadBound(string text, out ReportBound bound)
    {
        var isDate = ValueKinds.Date.TryRead(text, out var date);
        var isInstant = OffsetDateTimePattern.ExtendedIso.Parse(text).TryGetValue(default, out var time);
        bound = isDate ? new ReportBound(date, default) : isInstant ? new ReportBound(null, time.ToInstant()) : default;
        return isDate || isInstant;
    }
}
