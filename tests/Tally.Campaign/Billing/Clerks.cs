using Dapper;
using NodaTime;
using Tally.Billing;
using Tally.Billing.Allowances;
using Tally.Billing.Months;
using Tally.Billing.Refresh;
using Tally.Campaign.Servers;
using Tally.Database;

namespace Tally.Campaign.Billing;

/// <summary>Those who correct rates and allowances, close months and open them again, and refresh days by hand, two at once.</summary>
internal sealed class Clerks(CampaignSettings settings, DatabaseServer database, ProductServices product, SentMessages sent)
{
    private readonly List<string> _moved = [];
    private int _refreshes;

    public RateBook Book { get; } = new();

    /// <summary>Facts of closed months that changed all the same.</summary>
    public IReadOnlyList<string> MovedWhileClosed => _moved;

    public int MonthsClosed { get; private set; }

    public int Refreshes => Volatile.Read(ref _refreshes);

    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await SetRateAsync(new LocalDate(2020, 1, 1), 0.0162m, cancellationToken);
        for (var service = 0; service < SentMessages.Services; service++) await SetAllowanceAsync(service, 100, cancellationToken);
    }

    /// <summary>Corrects, closes and opens while messages are sent.</summary>
    public async Task RunAsync(Writers writers, CancellationToken cancellationToken)
    {
        var random = settings.RandomFor("clerks");
        const int Steps = 24;
        for (var step = 1; step <= Steps; step++)
        {
            await writers.ReachedAsync(writers.Count * step / Steps, cancellationToken);
            switch (step % 4)
            {
                case 0:
                    await SetRateAsync(sent.AllDays[random.Next(sent.AllDays.Count)], random.Next(1, 400) / 10_000m, cancellationToken);
                    break;
                case 1:
                    await SetAllowanceAsync(random.Next(SentMessages.Services), random.Next(1, 200 + (settings.Messages / 10)), cancellationToken);
                    break;
                case 2:
                    await CloseForAWhileAsync(settings.Day.ToYearMonth().PlusMonths(-1), writers, cancellationToken);
                    break;
            }
        }
    }

    /// <summary>Refreshes some days again and again until it is cancelled.</summary>
    public async Task RefreshAsync(int clerk, CancellationToken cancellationToken)
    {
        var random = settings.RandomFor($"clerk {clerk}");
        while (!cancellationToken.IsCancellationRequested)
        {
            await RefreshAsync([.. Enumerable.Range(0, 6).Select(_ => sent.AllDays[random.Next(sent.AllDays.Count)])], cancellationToken);
            await Task.Delay(random.Next(200), cancellationToken);
        }
    }

    /// <summary>Refreshes every day, and says how many facts that changed.</summary>
    public async Task<long> RefreshAllAsync(CancellationToken cancellationToken) =>
        (await RefreshAsync(sent.AllDays, cancellationToken)).Sum(day => day.Inserted + day.Updated + day.Removed);

    private async Task<IReadOnlyList<RefreshedDay>> RefreshAsync(IReadOnlyList<LocalDate> days, CancellationToken cancellationToken)
    {
        var results = await Again.UntilDoneAsync(() => product.Get<ManualRefresh>().RefreshAsync(days, cancellationToken: cancellationToken), cancellationToken);
        Interlocked.Increment(ref _refreshes);
        return results;
    }

    private async Task SetRateAsync(LocalDate from, decimal rate, CancellationToken cancellationToken)
    {
        await Again.UntilDoneAsync(() => product.Get<Rates>().SetAsync("sms", rate, from.AtMidnight().InUtc().ToInstant(), cancellationToken), cancellationToken);
        Book.Rates[from] = rate;
    }

    private async Task SetAllowanceAsync(int service, int limit, CancellationToken cancellationToken)
    {
        await Again.UntilDoneAsync(() => product.Get<AllowanceBook>().SetAsync(SentMessages.ServiceId(service), limit, settings.Day.Year, cancellationToken), cancellationToken);
        Book.Allowances[SentMessages.ServiceId(service)] = limit;
    }

    private async Task CloseForAWhileAsync(YearMonth month, Writers writers, CancellationToken cancellationToken)
    {
        await Again.UntilDoneAsync(() => product.Get<ClosedMonths>().CloseAsync(month, cancellationToken), cancellationToken);
        MonthsClosed++;
        var before = await FactsAsync(month, cancellationToken);
        await writers.ReachedAsync(writers.Made + (writers.Count / 30), cancellationToken);
        var after = await FactsAsync(month, cancellationToken);
        if (before != after) _moved.Add($"the facts of {month} changed while it was closed: {before} before, {after} after.");
        await Again.UntilDoneAsync(() => product.Get<ClosedMonths>().ReopenAsync(month, cancellationToken), cancellationToken);
    }

    private Task<string> FactsAsync(YearMonth month, CancellationToken cancellationToken) => Again.UntilDoneAsync(
        async () =>
        {
            await using var source = TallyDataSource.Create(database.Direct);
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            return (await connection.ExecuteScalarAsync<string>(
                "SELECT count(*) || ' facts, ' || coalesce(md5(string_agg(f::text, ',' ORDER BY f)), '') FROM billing.ft_billing f WHERE local_date >= @from AND local_date < @to",
                new { from = month.OnDayOfMonth(1), to = month.OnDayOfMonth(1).PlusMonths(1) }))!;
        }, cancellationToken);
}
