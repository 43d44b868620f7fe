using NodaTime;
using NodaTime.TimeZones;
using Tally.Reporting.Events;

namespace Tally.Campaign.Reporting;

/// <summary>A row of the rollups.</summary>
internal sealed record Row(LocalDate Date, string Dimension, long Id, string Metric);

/// <summary>What a row holds; sums are seconds.</summary>
internal readonly record struct Total(long Count, decimal Sum, decimal BusinessSum)
{
    public static Total operator +(Total one, Total other) => new(one.Count + other.Count, one.Sum + other.Sum, one.BusinessSum + other.BusinessSum);
}

/// <summary>
/// The judge's own reading of what the product promises, from what was sent and done: which events an account has, and what
/// its rollups are. It shares no code with the product but the event's fields.
/// </summary>
internal sealed class ReportingModel
{
    public const string Handoffs = "bot_handoffs_count";

    private static readonly ZoneLocalMappingResolver FirstInstant = Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter);

    private readonly Dictionary<(long, Guid), List<ReportingEvent>> _deliveries;
    private readonly Dictionary<long, Dictionary<Guid, List<ReportingEvent>>> _sent;
    private readonly ILookup<long, Guid> _erased;

    public ReportingModel(ReportingLoad load, IReadOnlyList<Operation> done)
    {
        _deliveries = load.Messages.SelectMany(message => message.Events).GroupBy(one => (one.AccountId, one.Id)).ToDictionary(same => same.Key, same => same.ToList());
        _sent = _deliveries.GroupBy(same => same.Key.Item1).ToDictionary(account => account.Key, account => account.ToDictionary(same => same.Key.Item2, same => same.Value.Distinct().ToList()));
        _erased = done.OfType<Operation.EraseEvents>().SelectMany(erasure => erasure.Events.Select(id => (Account: erasure.Of, id))).ToLookup(pair => pair.Account, pair => pair.id);
        ErasedAccounts = done.OfType<Operation.EraseAccount>().Select(erasure => erasure.Of).ToHashSet();
        Zones = done.OfType<Operation.ChangeZone>().GroupBy(change => change.Of).ToDictionary(changes => changes.Key, changes => changes.Last().Zone);
    }

    public IReadOnlySet<long> ErasedAccounts { get; }

    /// <summary>The last zone of the accounts that changed theirs.</summary>
    public IReadOnlyDictionary<long, string> Zones { get; }

    /// <summary>What an account must have: one of the events that were sent with each id, but none that was erased.</summary>
    public IReadOnlyDictionary<Guid, List<ReportingEvent>> Of(long account)
    {
        var all = _sent.GetValueOrDefault(account, []);
        foreach (var id in _erased[account]) all.Remove(id);
        return all;
    }

    /// <summary>Every event that was sent with this id, as often as it was.</summary>
    public IReadOnlyList<ReportingEvent> Deliveries(long account, Guid id) => _deliveries[(account, id)];

    public static Dictionary<Row, Total> RollUp(IEnumerable<ReportingEvent> events, DateTimeZone zone)
    {
        var rows = new Dictionary<Row, Total>();
        var conversations = new Dictionary<Row, HashSet<long>>();
        foreach (var one in events)
        {
            var date = DateOf(one.CreatedAt, zone);
            Add("account", one.AccountId);
            Add("agent", one.UserId);
            Add("inbox", one.InboxId);

            void Add(string dimension, long? id)
            {
                if (id is not { } member) return;
                var seconds = new Total(1, one.Value ?? 0, one.ValueInBusinessHours ?? 0);
                switch (one.Name)
                {
                    case "conversation_resolved":
                        Plus("resolutions_count", new Total(1, 0, 0));
                        Plus("resolution_time", seconds);
                        break;
                    case "first_response" or "reply_time":
                        Plus(one.Name, seconds);
                        break;
                    case "conversation_bot_resolved":
                        Plus("bot_resolutions_count", new Total(1, 0, 0));
                        break;
                    case "conversation_bot_handoff":
                        var row = new Row(date, dimension, member, Handoffs);
                        if (!conversations.TryGetValue(row, out var seen)) conversations[row] = seen = [];
                        if (one.ConversationId is { } conversation) seen.Add(conversation);
                        rows[row] = new Total(seen.Count, 0, 0);
                        break;
                }

                void Plus(string metric, Total total)
                {
                    var row = new Row(date, dimension, member, metric);
                    rows[row] = rows.GetValueOrDefault(row) + total;
                }
            }
        }

        return rows;
    }

    /// <summary>The last date of the zone that has begun by then.</summary>
    public static LocalDate DateOf(Instant instant, DateTimeZone zone)
    {
        var date = instant.InZone(zone).Date.PlusDays(1);
        while (StartOf(date, zone) > instant) date = date.PlusDays(-1);
        return date;
    }

    public static (Instant Start, Instant End) WindowOf(LocalDate date, DateTimeZone zone) => (StartOf(date, zone), StartOf(date.PlusDays(1), zone));

    private static Instant StartOf(LocalDate date, DateTimeZone zone) => zone.ResolveLocal(date.AtMidnight(), FirstInstant).ToInstant();
}
