using NodaTime;
using Tally.Dashboard.Pages;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;
using Tally.Reporting.Rollups;

namespace Tally.Dashboard.Views;

/// <summary>A metric of an account over time: the report of <c>tally rollups report</c>, and where its numbers come from.</summary>
internal sealed class ReportingView(AccountStore accounts, EventExtent extent, ReportReader reports, IClock clock) : IView
{
    // What is shown to somebody who has not said yet.
    private const int DaysAtFirst = 30;

    // A longer list is no help to choose from: then the id is typed.
    private const int MostListed = 500;

    public string Path => "reporting";

    public string Name => "Reporting";

    public async Task<Page> ReadAsync(Query query, CancellationToken cancellationToken)
    {
        var listed = await accounts.ListAsync(MostListed + 1, cancellationToken);
        if ((query.Id("account") ?? listed.Where(one => one.Zone is not null).Concat(listed).Select(one => (long?)one.Id).FirstOrDefault()) is not { } id)
            return new Page(Name, "There are no accounts yet.", [new Notice(Tone.Plain, "An account holds events and their rollups.", "tally account create 1 --name \"Acme\"")]);
        var account = await accounts.FindAsync(id, cancellationToken) ?? throw new UnknownAccountException(id);
        var request = await RequestAsync(query, account, cancellationToken);
        var report = await reports.ReadAsync(request, cancellationToken);

        var title = account.Name.Length > 0 ? $"{account.Name} ({account.Id})" : $"Account {account.Id}";
        return new Page(
            $"{ReportPage.NameOf(request.Metric)} of {title}", $"Days of {request.Zone}. {(account.ReportRollup ? "Reports read rollups." : "Reports read raw events: rollup reads are off.")}",
            [
                FormOf(query, request, account, listed),
                .. Warnings(account),
                .. ReportPage.BlocksOf(request, report, date => Query.Address("day", ("account", account.Id), ("date", date))),
                ReportPage.SourceTable(report),
            ]);
    }

    private async Task<SeriesRequest> RequestAsync(Query query, Account account, CancellationToken cancellationToken)
    {
        var zone = query.Text("zone") is { } name ? ZoneOf(name) : ReportZone.Of(account);
        var (from, to) = await RangeAsync(query, account, zone.Zone, cancellationToken);
        if (from > to) throw new ViewException($"The range ends before it begins: {Text.Of(from)} to {Text.Of(to)}. Swap them.");
        var dimension = query.Word("dimension", Dimension.Account, Dimension.Account, Dimension.Agent, Dimension.Inbox);
        return new SeriesRequest
        {
            AccountId = account.Id,
            Metric = ReportMetric.Find(query.Text("metric") ?? ReportMetric.AverageFirstResponseTime.Name),
            From = LocalDay.Of(from, zone.Zone).Start,
            To = LocalDay.Of(to, zone.Zone).End,
            GroupBy = Choice<ReportPeriod>(query, "group", ReportPeriod.Day),
            Dimension = dimension,
            DimensionId = dimension == Dimension.Account ? null : query.Id("id"),
            BusinessHours = query.Flag("business_hours"),
            Zone = zone,
            Source = Choice<ReportSourceChoice>(query, "source", ReportSourceChoice.Auto),
        };
    }

    /// <summary>By default the last days that have events.</summary>
    private async Task<(LocalDate From, LocalDate To)> RangeAsync(Query query, Account account, DateTimeZone zone, CancellationToken cancellationToken)
    {
        var (from, to) = (query.Date("from"), query.Date("to"));
        if (to is null)
        {
            var last = from is null ? (await extent.FindAsync(account.Id, cancellationToken)).Last : null;
            to = LocalDay.Containing(last ?? clock.GetCurrentInstant(), zone).Date;
        }

        return (from ?? to.Value.PlusDays(1 - DaysAtFirst), to.Value);
    }

    private static ReportZone ZoneOf(string name) => name[0] is '+' or '-' || char.IsAsciiDigit(name[0]) ? ReportZone.ParseOffset(name) : ReportZone.Named(name);

    private static T Choice<T>(Query query, string name, T otherwise)
        where T : struct, Enum =>
        Enum.Parse<T>(query.Word(name, otherwise.ToString().ToLowerInvariant(), [.. Enum.GetNames<T>().Select(one => one.ToLowerInvariant())]), ignoreCase: true);

    private static Form FormOf(Query query, SeriesRequest request, Account account, IReadOnlyList<Account> listed) => new("reporting",
    [
        listed.Count > MostListed
            ? new InputField("account", "Account", "number", Text.Exact(account.Id))
            : new ChoiceField("account", "Account", [.. listed.Select(one => (Text.Exact(one.Id), $"{one.Id} {one.Name}"))], Text.Exact(account.Id)),
        new ChoiceField("metric", "Metric", [.. ReportMetric.All.Select(metric => (metric.Name, ReportPage.NameOf(metric)))], request.Metric.Name),
        new InputField("from", "From", "date", Text.Of(LocalDay.Containing(request.From, request.Zone!.Zone).Date)),
        new InputField("to", "To, included", "date", Text.Of(LocalDay.Containing(request.To - Duration.Epsilon, request.Zone.Zone).Date)),
        new ChoiceField("group", "Group by", [.. Enum.GetNames<ReportPeriod>().Select(name => (name.ToLowerInvariant(), name))], Text.Of(request.GroupBy)),
        new ChoiceField("dimension", "Whose", [(Dimension.Account, "The account"), (Dimension.Agent, "An agent"), (Dimension.Inbox, "An inbox")], request.Dimension),
        new InputField("id", "Agent or inbox", "number", query.Text("id"), "number"),
        new InputField("zone", "Time zone", "text", query.Text("zone"), request.Zone.ToString()),
        new ChoiceField("source", "Source", [("auto", "Rollups, else raw"), ("raw", "Raw events"), ("rollup", "Rollups alone")], Text.Of(request.Source)),
        new FlagField("business_hours", "Business hours", request.BusinessHours),
    ]);

    private static IEnumerable<Notice> Warnings(Account account)
    {
        if (account is { Zone: not null, ReportRollup: false }) yield return new Notice(Tone.Plain, "Reports of this account read raw events, which are right and slower than rollups.", $"tally account rollup-reads {account.Id} on");
        if (account.Zone is null) yield return new Notice(Tone.Warning, "The account has no reporting timezone, so nothing is rolled up; days are UTC's.", $"tally account set-timezone {account.Id}");
    }
}
