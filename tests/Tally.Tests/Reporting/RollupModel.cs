using NodaTime;
using NodaTime.TimeZones;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Tests.Reporting;

/// <summary>What the rollups of raw events must be, worked out a second time and the slow way: the tests' own reading of the contract.</summary>
internal static class RollupModel
{
    private static readonly ZoneLocalMappingResolver FirstMidnight = Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter);

    public static IReadOnlyList<Rollup> Of(IEnumerable<ReportingEvent> events, DateTimeZone zone)
    {
        var rows = new List<Rollup>();
        foreach (var group in events.SelectMany(one => MembersOf(one).Select(member => (one, date: DateOf(one.CreatedAt, zone), member))).GroupBy(item => (item.date, item.member, item.one.Name)))
        {
            var (date, (dimension, id), name) = group.Key;
            var (count, sum, businessSum) = (group.LongCount(), group.Sum(item => item.one.Value ?? 0), group.Sum(item => item.one.ValueInBusinessHours ?? 0));
            switch (name)
            {
                case "conversation_resolved":
                    Add("resolutions_count", count);
                    Add("resolution_time", count, sum, businessSum);
                    break;
                case "first_response" or "reply_time":
                    Add(name, count, sum, businessSum);
                    break;
                case "conversation_bot_resolved":
                    Add("bot_resolutions_count", count);
                    break;
                case "conversation_bot_handoff":
                    Add("bot_handoffs_count", group.Select(item => item.one.ConversationId).OfType<long>().Distinct().LongCount());
                    break;
            }

            void Add(string metric, long total, decimal seconds = 0, decimal businessSeconds = 0) =>
                rows.Add(new Rollup(date, dimension, id, metric, total, seconds, businessSeconds));
        }

        return rows;
    }

    /// <summary>The last date of the zone whose first instant is not after <paramref name="instant"/>.</summary>
    public static LocalDate DateOf(Instant instant, DateTimeZone zone)
    {
        var date = instant.InZone(zone).Date.PlusDays(1);
        while (zone.ResolveLocal(date.AtMidnight(), FirstMidnight).ToInstant() > instant) date = date.PlusDays(-1);
        return date;
    }

    private static IEnumerable<(string Dimension, long Id)> MembersOf(ReportingEvent one)
    {
        yield return ("account", one.AccountId);
        if (one.UserId is not null) yield return ("agent", one.UserId.Value);
        if (one.InboxId is not null) yield return ("inbox", one.InboxId.Value);
    }
}
