using NodaTime;
using Tally.Reporting;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;

namespace Tally.Tests.Reporting.Reports;

/// <summary>What reports must say, from a plain list of events: written apart from the product, and as simply as can be.</summary>
internal static class ReportModel
{
    public static (decimal? Aggregate, IReadOnlyList<(Instant Start, decimal Value, long Count)> Series) Series(
        IEnumerable<ReportingEvent> events, SeriesRequest request, DateTimeZone zone)
    {
        var inScope = events
            .Where(one => one.AccountId == request.AccountId && one.CreatedAt >= request.From && one.CreatedAt < request.To)
            .Where(one => request.Dimension switch
            {
                "agent" => one.UserId == request.DimensionId,
                "inbox" => one.InboxId == request.DimensionId,
                _ => true,
            })
            .ToList();
        var buckets = BucketStarts(request, zone);
        var series = buckets.Select(start =>
        {
            var inBucket = inScope.Where(one => StartOf(one.CreatedAt, request.GroupBy, zone) == start).ToList();
            var (value, count) = Measure(inBucket, inScope, request);
            return (start, value ?? 0, count);
        });
        return (Measure(inScope, inScope, request).Value, series.ToList());
    }

    public static IReadOnlyList<SummaryRow> Summary(IEnumerable<ReportingEvent> events, SummaryRequest request) =>
    [
        .. events
            .Where(one => one.AccountId == request.AccountId && one.CreatedAt >= request.From && one.CreatedAt < request.To)
            .Where(one => one.Name is "conversation_resolved" or "first_response" or "reply_time")
            .GroupBy(one => request.Dimension == "agent" ? one.UserId : one.InboxId)
            .Where(member => member.Key is not null)
            .OrderBy(member => member.Key)
            .Select(member => new SummaryRow
            {
                Id = member.Key!.Value,
                ResolvedConversationsCount = member.Count(one => one.Name == "conversation_resolved"),
                AverageResolutionTime = Average(member, "conversation_resolved", request.BusinessHours),
                AverageFirstResponseTime = Average(member, "first_response", request.BusinessHours),
                AverageReplyTime = Average(member, "reply_time", request.BusinessHours),
            }),
    ];

    private static (decimal? Value, long Count) Measure(IReadOnlyCollection<ReportingEvent> events, IReadOnlyCollection<ReportingEvent> inRange, SeriesRequest request)
    {
        switch (request.Metric.Name)
        {
            case "avg_first_response_time": return Averaged("first_response");
            case "avg_resolution_time": return Averaged("conversation_resolved");
            case "reply_time": return Averaged("reply_time");
            case "resolutions_count": return Counted(events.Count(one => one.Name == "conversation_resolved"));
            case "bot_handoffs_count":
                return Counted(events.Where(one => one.Name == "conversation_bot_handoff" && one.ConversationId is not null).Select(one => one.ConversationId).Distinct().Count());
            case "bot_resolutions_count":
                var handedOff = inRange.Where(one => one.Name == "conversation_bot_handoff").Select(one => one.ConversationId).OfType<long>().ToHashSet();
                return Counted(events.Count(one => one.Name == "conversation_bot_resolved" && !(one.ConversationId is { } id && handedOff.Contains(id))));
            default: throw new ArgumentException(request.Metric.Name);
        }

        (decimal?, long) Averaged(string name) => (Average(events, name, request.BusinessHours), events.Count(one => one.Name == name));

        static (decimal?, long) Counted(int count) => (count, count);
    }

    private static decimal? Average(IEnumerable<ReportingEvent> events, string name, bool businessHours)
    {
        var seconds = events.Where(one => one.Name == name).Select(one => (businessHours ? one.ValueInBusinessHours : one.Value) ?? 0).ToList();
        return seconds.Count == 0 ? null : seconds.Sum() / seconds.Count;
    }

    private static List<Instant> BucketStarts(SeriesRequest request, DateTimeZone zone)
    {
        // Every quarter of an hour, where offsets change, and the last instant: each names its bucket.
        var probes = new List<Instant>();
        for (var instant = request.From; instant < request.To; instant += Duration.FromMinutes(15)) probes.Add(instant);
        probes.Add(request.To - Duration.Epsilon);
        return [.. probes.Select(instant => StartOf(instant, request.GroupBy, zone)).Distinct().Order()];
    }

    private static Instant StartOf(Instant instant, ReportPeriod period, DateTimeZone zone)
    {
        if (period == ReportPeriod.Hour)
        {
            var local = instant.InZone(zone);
            var start = instant - Duration.FromNanoseconds(local.TimeOfDay.NanosecondOfDay - (local.Hour * NodaConstants.NanosecondsPerHour));
            var interval = zone.GetZoneInterval(instant);
            return interval.HasStart && interval.Start > start ? interval.Start : start;
        }

        var date = instant.InZone(zone).Date;
        if (MidnightOf(date.PlusDays(1), zone) <= instant) date = date.PlusDays(1);
        var key = period switch
        {
            ReportPeriod.Week => date.DayOfWeek == IsoDayOfWeek.Sunday ? date : date.Previous(IsoDayOfWeek.Sunday),
            ReportPeriod.Month => date.With(DateAdjusters.StartOfMonth),
            ReportPeriod.Year => new LocalDate(date.Year, 1, 1),
            _ => date,
        };
        return MidnightOf(key, zone);
    }

    private static Instant MidnightOf(LocalDate date, DateTimeZone zone)
    {
        try
        {
            return zone.AtStartOfDay(date).ToInstant();
        }
        catch (SkippedTimeException)
        {
            return MidnightOf(date.PlusDays(1), zone);
        }
    }
}
