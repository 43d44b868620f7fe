using NodaTime;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;
using Xunit;

namespace Tally.Tests.Reporting.Reports;

/// <summary>What tests of reports share: events and requests in a few words, and an account for each test.</summary>
public abstract class ReportTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private static long _lastAccount;

    protected static readonly DateTimeZone NewYork = DateTimeZoneProviders.Tzdb["America/New_York"];

    protected ReportingHost Host { get; } = host;

    protected long Account { get; } = Interlocked.Increment(ref _lastAccount);

    /// <summary>Local midnight in New York.</summary>
    protected static Instant Midnight(int year, int month, int day) => LocalDay.Of(new LocalDate(year, month, day), NewYork).Start;

    /// <summary>An account whose zone holds since long ago, and whose reports may read rollups.</summary>
    protected async Task AddAccountAsync(string? zone = "America/New_York", bool readsRollups = true)
    {
        await Host.AddAccountAsync(Account, zone);
        await Host.ExecuteAsync("UPDATE reporting.accounts SET report_rollup = @reads_rollups WHERE id = @account", new { reads_rollups = readsRollups, account = Account });
    }

    private protected ReportingEvent Event(
        string name, Instant at, decimal? value = 0, decimal? business = 0, long? user = null, long? inbox = null, long? conversation = null, long? account = null) => new()
        {
            Id = Guid.NewGuid(),
            AccountId = account ?? Account,
            Name = name,
            Value = value,
            ValueInBusinessHours = business,
            UserId = user,
            InboxId = inbox,
            ConversationId = conversation,
            CreatedAt = at,
        };

    /// <summary>February 2026 in New York, unless said otherwise.</summary>
    private protected SeriesRequest Request(ReportMetric metric, Instant? from = null, Instant? to = null, ReportPeriod groupBy = ReportPeriod.Day, ReportZone? zone = null) => new()
    {
        AccountId = Account,
        Metric = metric,
        From = from ?? Midnight(2026, 2, 1),
        To = to ?? Midnight(2026, 3, 1),
        GroupBy = groupBy,
        Zone = zone,
    };

    private protected Task<SeriesReport> ReadAsync(SeriesRequest request) => Host.Get<ReportReader>().ReadAsync(request);

    private protected async Task<decimal?> AggregateAsync(ReportMetric metric, Instant from, Instant to) => (await ReadAsync(Request(metric, from, to))).Aggregate;
}
