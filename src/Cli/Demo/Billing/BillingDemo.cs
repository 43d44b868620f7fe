using NodaTime;
using Tally.Billing;
using Tally.Billing.Months;
using Tally.Billing.Refresh;
using Tally.Billing.Reports;

namespace Tally.Cli.Demo.Billing;

/// <summary>
/// A month of messages is billed. Half way a carrier corrects three days and the rate turns out to be another one, so the
/// month is billed again; the corrections then account for every bit of the difference.
/// </summary>
internal sealed class BillingDemo(int messages = 60_000) : IDemoPart
{
    private const decimal FirstRate = 0.0162m;
    private const decimal CorrectedRate = 0.0149m;
    private static readonly LocalDate CorrectedRateFrom = new(2026, 4, 16);
    private static readonly Guid Organization = SentMonth.OrganizationId(0);
    private static readonly Instant Always = Instant.FromUtc(2026, 1, 1, 0, 0);

    public async Task<DemoResult> RunAsync(DemoWorld world, CancellationToken cancellationToken)
    {
        var month = new SentMonth(messages);
        await world.StepAsync($"Loading {messages:N0} messages of {SentMonth.Services} services", 0, "", async _ =>
        {
            await month.LoadAsync(world.Session.Database, cancellationToken);
            return true;
        });

        await world.Session.Get<Rates>().SetAsync("sms", FirstRate, Always, cancellationToken);
        var (first, took) = await BillAsync(world, "Billing 30 days", cancellationToken);
        var before = await UsageAsync(world, cancellationToken);
        var isRightBefore = IsRight(before, month, _ => FirstRate);

        await month.CorrectProviderAsync(world.Session.Database, cancellationToken);
        await world.Session.Get<Rates>().SetAsync("sms", CorrectedRate, CorrectedRateFrom.AtMidnight().InUtc().ToInstant(), cancellationToken);
        var (second, _) = await BillAsync(world, "Billing them again after a provider and a rate correction", cancellationToken);
        var (third, _) = await BillAsync(world, "Billing them again with nothing changed", cancellationToken);

        var after = await UsageAsync(world, cancellationToken);
        var services = after.Select(row => row.ServiceId).ToHashSet();
        var corrections = (await world.Session.Get<Corrections>().ListAsync(SentMonth.Days.Start.ToYearMonth(), serviceId: null, provisional: false, cancellationToken))
            .Where(correction => services.Contains(correction.ServiceId)).ToList();
        var difference = after.Sum(row => row.SmsCost) - before.Sum(row => row.SmsCost);
        var explained = corrections.Sum(correction => correction.GrossCostChange);
        var isRight = isRightBefore && IsRight(after, month, day => day >= CorrectedRateFrom ? CorrectedRate : FirstRate)
            && explained == difference && third.Sum(Changes) == 0;

        return new DemoResult(
            "Billing",
            [
                new("messages", messages, $"of {SentMonth.Services} services in {SentMonth.Organizations} organizations"),
                new("billing facts", first.Sum(day => day.Inserted), "", FormattableString.Invariant($"in {took.TotalSeconds:0.0} s")),
                new("changed by the corrections", second.Sum(Changes), "facts of all services"),
                new("changed by a further refresh", third.Sum(Changes), "facts"),
                new("difference in an organization's cost", difference),
                new("explained by its corrections", explained, "", FormattableString.Invariant($"by {corrections.Count} of them")),
            ],
            isRight)
        {
            Tables = [BillingTables.Usage(before, after), BillingTables.Corrections(corrections)],
        };
    }

    private static long Changes(RefreshedDay day) => day.Inserted + day.Updated + day.Removed;

    private static Task<(IReadOnlyList<RefreshedDay> Result, TimeSpan Took)> BillAsync(DemoWorld world, string title, CancellationToken cancellationToken) =>
        world.StepAsync(title, SentMonth.Days.Length, "days", progress =>
        {
            var done = 0;
            return world.Session.Get<ManualRefresh>().RefreshAsync([.. SentMonth.Days], onDay: _ => progress.Report(++done), cancellationToken: cancellationToken);
        });

    private static Task<IReadOnlyList<OrganizationServiceUsage>> UsageAsync(DemoWorld world, CancellationToken cancellationToken) =>
        world.Session.Get<OrganizationUsage>().FetchYearAsync(Organization, SentMonth.Days.Start.Year, cancellationToken);

    /// <summary>Whether each service pays what its messages cost, taken one after the other.</summary>
    private static bool IsRight(IReadOnlyList<OrganizationServiceUsage> usage, SentMonth month, Func<LocalDate, decimal> rateOn) =>
        usage.Count == SentMonth.Services / SentMonth.Organizations
        && Enumerable.Range(0, SentMonth.Services).Where(service => service % SentMonth.Organizations == 0).All(service =>
        {
            long left = SentMonth.Allowance(service);
            var cost = 0m;
            foreach (var message in month.Messages.Where(message => message.Service == service && message.IsBilled))
            {
                var units = message.Units * message.Multiplier;
                var free = Math.Min(left, units);
                left -= free;
                cost += (units - free) * rateOn(message.Day);
            }

            return usage.Single(row => row.ServiceId == SentMonth.ServiceId(service)).SmsCost == cost;
        });
}
