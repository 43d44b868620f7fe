using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;

namespace Tally.Reporting.Rollups;

/// <summary>
/// Events prepared for one statement: each in the local day of its account's zone, and what they add to the
/// rollups together, in the order of the keys.
/// </summary>
/// <remarks>What handoffs add depends on those stored before, so the statement works it out.</remarks>
internal sealed class EventBatch
{
    private EventBatch(IReadOnlyList<ReportingEvent> events, IReadOnlyDictionary<long, Account> accounts)
    {
        Events = events;
        Accounts = accounts;
    }

    public IReadOnlyList<ReportingEvent> Events { get; }

    /// <summary>The accounts of the events, with the zones that the days were cut in.</summary>
    public IReadOnlyDictionary<long, Account> Accounts { get; }

    /// <summary>The local day of each event; null where its account has no zone.</summary>
    public required IReadOnlyList<LocalDay?> DayOf { get; init; }

    /// <summary>The days touched, each with its number of events.</summary>
    public required IReadOnlyList<KeyValuePair<AccountDay, long>> Days { get; init; }

    /// <summary>The windows of <see cref="Days"/>.</summary>
    public required IReadOnlyDictionary<AccountDay, LocalDay> Windows { get; init; }

    public required IReadOnlyList<KeyValuePair<RollupKey, Amount>> Rows { get; init; }

    public required IReadOnlyList<Handoff> Handoffs { get; init; }

    public LocalDay WindowOf(AccountDay day) => Windows[day];

    public static EventBatch Of(IReadOnlyList<ReportingEvent> events, IReadOnlyDictionary<long, Account> accounts)
    {
        var zones = accounts.ToDictionary(pair => pair.Key, pair => pair.Value.Zone);
        var days = new Dictionary<AccountDay, long>();
        var rows = new Dictionary<RollupKey, Amount>();
        var windows = new Dictionary<AccountDay, LocalDay>();
        var handoffs = new List<Handoff>();
        var dayOf = new LocalDay?[events.Count];
        for (var index = 0; index < dayOf.Length; index++)
        {
            var one = events[index];
            if (zones[one.AccountId] is not { } zone) continue;
            var day = LocalDay.Containing(one.CreatedAt, zone);
            dayOf[index] = day;
            var key = new AccountDay(one.AccountId, day.Date);
            windows[key] = day;
            days[key] = days.GetValueOrDefault(key) + 1;
            if (one.Name == EventMetricRegistry.BotHandoff) handoffs.AddRange(Dimension.MembersOf(one).Select(member => new Handoff(one, day, member.Type, member.Id)));
            else Add(rows, one, day);
        }

        return new EventBatch(events, accounts) { DayOf = dayOf, Days = Sorted(days), Windows = windows, Rows = Sorted(rows), Handoffs = handoffs };
    }

    private static void Add(Dictionary<RollupKey, Amount> rows, ReportingEvent one, LocalDay day)
    {
        foreach (var metric in EventMetricRegistry.For(one.Name))
        {
            var amount = metric.Kind == MetricKind.Duration ? new Amount(1, one.Value ?? 0, one.ValueInBusinessHours ?? 0) : new Amount(1, 0, 0);
            foreach (var (type, id) in Dimension.MembersOf(one))
            {
                var key = new RollupKey(one.AccountId, day.Date, type, id, metric.Metric);
                rows[key] = rows.TryGetValue(key, out var sum) ? sum + amount : amount;
            }
        }
    }

    private static KeyValuePair<TKey, TValue>[] Sorted<TKey, TValue>(Dictionary<TKey, TValue> rows)
        where TKey : struct, IComparable<TKey> =>
        [.. rows.OrderBy(row => row.Key)];
}

/// <summary>What events add to a rollup row; the sums are seconds.</summary>
internal readonly record struct Amount(long Count, decimal Sum, decimal BusinessSum)
{
    public static Amount operator +(Amount one, Amount other) => new(one.Count + other.Count, one.Sum + other.Sum, one.BusinessSum + other.BusinessSum);
}

/// <summary>A handoff, for one member of its dimensions.</summary>
internal readonly record struct Handoff(long AccountId, LocalDay Day, string DimensionType, long DimensionId, long? ConversationId)
{
    public Handoff(ReportingEvent one, LocalDay day, string dimensionType, long dimensionId)
        : this(one.AccountId, day, dimensionType, dimensionId, one.ConversationId)
    {
    }
}
