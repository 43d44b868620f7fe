using Npgsql;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Reports;

/// <summary>
/// Answers reports: whole covered days from rollups, everything else from raw events, all in one snapshot. The
/// numbers are the same whichever source serves them. Writes nothing.
/// </summary>
internal sealed class ReportReader(NpgsqlDataSource dataSource, ZoneRules rules)
{
    private static readonly ReportMetric[] SummaryMetrics =
        [ReportMetric.Resolutions, ReportMetric.AverageResolutionTime, ReportMetric.AverageFirstResponseTime, ReportMetric.ReplyTime];

    /// <summary>A metric over the range and over time.</summary>
    /// <exception cref="ReportRequestException">The request makes no sense, or its source cannot answer it.</exception>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public async Task<SeriesReport> ReadAsync(SeriesRequest request, CancellationToken cancellationToken = default)
    {
        request.Validate();
        await using var snapshot = await ReportSnapshot.OpenAsync(dataSource, rules, request, cancellationToken);
        var zone = request.Zone ?? ReportZone.Of(snapshot.Account);
        var buckets = ReportBuckets.Of(request.From, request.To, request.GroupBy, zone.Zone);
        var plan = ReadPlan.Of(new ReportQuestion(request, zone, buckets, request.GroupBy == ReportPeriod.Hour, request.Metric), snapshot.Account, snapshot.Days, snapshot.Bases);
        var rows = await snapshot.ReadAsync(ReportSql.Series(request, buckets, plan), ReadBucket, cancellationToken);

        var inBucket = new Total[buckets.All.Count];
        foreach (var (bucket, total) in rows)
            if (bucket is { } index) inBucket[index] += total;
        var inRange = rows.Where(row => row.Bucket is null).Select(row => (Total?)row.Total).SingleOrDefault()
            ?? inBucket.Aggregate(default(Total), (sum, total) => sum + total);
        return new SeriesReport
        {
            Source = plan.Source,
            Covered = plan.Covered,
            Parts = plan.Parts,
            MissingDays = plan.MissingDays,
            Aggregate = ValueOf(request.Metric, inRange),
            Series = [.. buckets.All.Zip(inBucket, (bucket, total) => new SeriesPoint(bucket.Start, bucket.Local, ValueOf(request.Metric, total) ?? 0, total.Count))],
        };
    }

    /// <summary>All agents, or all inboxes, side by side.</summary>
    /// <exception cref="ReportRequestException">The request makes no sense, or its source cannot answer it.</exception>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public async Task<SummaryReport> ReadAsync(SummaryRequest request, CancellationToken cancellationToken = default)
    {
        request.Validate();
        await using var snapshot = await ReportSnapshot.OpenAsync(dataSource, rules, request, cancellationToken);
        var zone = request.Zone ?? ReportZone.Of(snapshot.Account);
        var plan = ReadPlan.Of(new ReportQuestion(request, zone, ReportBuckets.One(request.From)), snapshot.Account, snapshot.Days, snapshot.Bases);
        var rows = await snapshot.ReadAsync(ReportSql.Summary(request, SummaryMetrics, plan), ReadMember, cancellationToken);
        return new SummaryReport
        {
            Source = plan.Source,
            Covered = plan.Covered,
            Parts = plan.Parts,
            MissingDays = plan.MissingDays,
            Rows = [.. rows.GroupBy(row => row.Id).OrderBy(member => member.Key).Select(member => SummaryOf(member.Key, [.. member]))],
        };
    }

    private static SummaryRow SummaryOf(long id, IReadOnlyList<(long Id, string Name, Total Total)> rows)
    {
        return new SummaryRow
        {
            Id = id,
            ResolvedConversationsCount = (long)ValueOf(ReportMetric.Resolutions, TotalOf(ReportMetric.Resolutions))!.Value,
            AverageResolutionTime = Average(ReportMetric.AverageResolutionTime),
            AverageFirstResponseTime = Average(ReportMetric.AverageFirstResponseTime),
            AverageReplyTime = Average(ReportMetric.ReplyTime),
        };

        decimal? Average(ReportMetric metric) => ValueOf(metric, TotalOf(metric));

        // Rollups come under their metric, raw events under their name, which are two names or one and the same.
        Total TotalOf(ReportMetric metric) => rows
            .Where(row => row.Name == metric.RollupMetric || row.Name == metric.EventName)
            .Aggregate(default(Total), (sum, row) => sum + row.Total);
    }

    private static decimal? ValueOf(ReportMetric metric, Total total) =>
        metric.Kind != ReportMetricKind.Average ? total.Count : total.Count == 0 ? null : total.Sum / total.Count;

    private static (int? Bucket, Total Total) ReadBucket(NpgsqlDataReader reader) =>
        (reader.IsDBNull(0) ? null : reader.GetInt32(0), new Total(reader.GetInt64(1), reader.GetDecimal(2)));

    private static (long Id, string Name, Total Total) ReadMember(NpgsqlDataReader reader) =>
        (reader.GetInt64(0), reader.GetString(1), new Total(reader.GetInt64(2), reader.GetDecimal(3)));

    /// <summary>Events, or conversations, and their seconds.</summary>
    private readonly record struct Total(long Count, decimal Sum)
    {
        public static Total operator +(Total one, Total other) => new(one.Count + other.Count, one.Sum + other.Sum);
    }
}
