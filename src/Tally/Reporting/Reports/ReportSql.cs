using NodaTime;
using Npgsql;
using NpgsqlTypes;
using Tally.Reporting.Events;
using static Tally.Database.SqlParameters;

namespace Tally.Reporting.Reports;

/// <summary>The SQL of <see cref="ReportReader"/>, with its parameters. Series answer (bucket from 0, count, sum), summaries (id, metric, count, sum).</summary>
internal static class ReportSql
{
    private const string RollupSum = "sum(CASE WHEN @business_hours THEN r.sum_value_business_hours ELSE r.sum_value END)";

    private const string RawSum = "coalesce(sum(CASE WHEN @business_hours THEN e.value_in_business_hours ELSE e.value END), 0)";

    // OFFSET 0 keeps these a probe of the key, or a range of it, for each day: a join would be free to read every account's rows.
    private const string RollupSeries = $"""
        /* tally:reports.rollup_series */
        SELECT d.bucket, sum(r.count)::bigint, {RollupSum}
        FROM unnest(@dates, @buckets) AS d (date, bucket)
        CROSS JOIN LATERAL (
            SELECT * FROM reporting.reporting_events_rollups r
            WHERE r.account_id = @account_id AND r.date = d.date
              AND r.dimension_type = @dimension_type AND r.dimension_id = @dimension_id AND r.metric = @metric OFFSET 0) r
        GROUP BY d.bucket
        """;

    internal const string RollupSummary = $"""
        /* tally:reports.rollup_summary */
        SELECT r.dimension_id, r.metric, sum(r.count)::bigint, {RollupSum}
        FROM unnest(@dates) AS d (date)
        CROSS JOIN LATERAL (
            SELECT * FROM reporting.reporting_events_rollups r
            WHERE r.account_id = @account_id AND r.date = d.date AND r.dimension_type = @dimension_type AND r.metric = ANY(@metrics) OFFSET 0) r
        GROUP BY r.dimension_id, r.metric
        """;

    // A base is added whole, to the bucket that holds its window.
    private const string BaseSeries = $"""
        /* tally:reports.base_series */
        SELECT d.bucket, sum(r.count)::bigint, {RollupSum}
        FROM unnest(@dates, @starts, @ends, @buckets) AS d (date, day_start, day_end, bucket)
        JOIN reporting.rollup_bases r
            ON r.account_id = @account_id AND r.date = d.date AND r.day_start = d.day_start AND r.day_end = d.day_end
            AND r.dimension_type = @dimension_type AND r.dimension_id = @dimension_id AND r.metric = @metric
        GROUP BY d.bucket
        """;

    private const string BaseSummary = $"""
        /* tally:reports.base_summary */
        SELECT r.dimension_id, r.metric, sum(r.count)::bigint, {RollupSum}
        FROM unnest(@dates, @starts, @ends) AS d (date, day_start, day_end)
        JOIN reporting.rollup_bases r
            ON r.account_id = @account_id AND r.date = d.date AND r.day_start = d.day_start AND r.day_end = d.day_end
            AND r.dimension_type = @dimension_type AND r.metric = ANY(@metrics)
        GROUP BY r.dimension_id, r.metric
        """;

    // OFFSET 0 keeps each read a range of an index, whatever the planner believes of the table: never everybody's events.
    private const string EventsOf = """
        unnest(@starts, @ends) AS p (start_at, end_at)
        CROSS JOIN LATERAL (
            SELECT e.name, e.value, e.value_in_business_hours, e.user_id, e.inbox_id, e.conversation_id, e.created_at
            FROM reporting.reporting_events e
            WHERE e.account_id = @account_id AND e.created_at >= p.start_at AND e.created_at < p.end_at
        """;

    private const string Events = $"{EventsOf} AND e.name = ANY(@event_names) OFFSET 0) e";

    // Spelled out, so that the partial index can serve.
    private const string HandoffEvents = $"{EventsOf} AND e.name = '{EventMetricRegistry.BotHandoff}' OFFSET 0) e";

    private const string BotEvents = $"{EventsOf} AND e.name IN ('{EventMetricRegistry.BotResolved}', '{EventMetricRegistry.BotHandoff}') OFFSET 0) e";

    private const string EventIsOfMember = """
        CASE @dimension_type WHEN 'agent' THEN e.user_id = @dimension_id WHEN 'inbox' THEN e.inbox_id = @dimension_id ELSE true END
        """;

    private const string RawSeries = $"""
        /* tally:reports.raw_series */
        SELECT width_bucket(e.created_at, @bounds) - 1, count(*), {RawSum}
        FROM {Events}
        WHERE {EventIsOfMember}
        GROUP BY 1
        """;

    private const string RawSummary = $"""
        /* tally:reports.raw_summary */
        SELECT m.dimension_id, e.name, count(*), {RawSum}
        FROM {Events}
        CROSS JOIN LATERAL (SELECT CASE @dimension_type WHEN 'agent' THEN e.user_id ELSE e.inbox_id END) AS m (dimension_id)
        WHERE m.dimension_id IS NOT NULL
        GROUP BY m.dimension_id, e.name
        """;

    // The row without a bucket is of the whole range, which is no sum of the others.
    private const string Handoffs = $"""
        /* tally:reports.handoffs */
        SELECT bucket, count(DISTINCT conversation_id), 0::numeric
        FROM (
            SELECT width_bucket(e.created_at, @bounds) - 1 AS bucket, e.conversation_id
            FROM {HandoffEvents}
            WHERE {EventIsOfMember}
        ) handoff
        GROUP BY GROUPING SETS ((bucket), ())
        """;

    private const string BotResolutions = $"""
        /* tally:reports.bot_resolutions */
        WITH event AS MATERIALIZED (
            SELECT e.name, e.created_at, e.conversation_id
            FROM {BotEvents}
            WHERE {EventIsOfMember}
        )
        SELECT width_bucket(resolution.created_at, @bounds) - 1, count(*), 0::numeric
        FROM event resolution
        WHERE resolution.name = '{EventMetricRegistry.BotResolved}'
          AND NOT EXISTS (
              SELECT FROM event handoff
              WHERE handoff.name = '{EventMetricRegistry.BotHandoff}' AND handoff.conversation_id = resolution.conversation_id)
        GROUP BY 1
        """;

    /// <summary>The commands that read a series as it is planned.</summary>
    public static IEnumerable<NpgsqlBatchCommand> Series(SeriesRequest request, ReportBuckets buckets, ReadPlan plan)
    {
        if (plan.RollupDays.Count > 0)
        {
            yield return Command(RollupSeries, request, request.Dimension,
                Column("dates", plan.RollupDays, day => day.Date, NpgsqlDbType.Date),
                Column("buckets", plan.RollupDays, day => day.Bucket, NpgsqlDbType.Integer),
                new NpgsqlParameter<long>("dimension_id", request.MemberId),
                new NpgsqlParameter<string>("metric", request.Metric.RollupMetric),
                new NpgsqlParameter<bool>("business_hours", request.BusinessHours));
        }

        if (plan.BaseDays.Count > 0)
        {
            yield return Command(BaseSeries, request, request.Dimension,
            [
                .. Windows(plan),
                Column("buckets", plan.BaseDays, day => day.Bucket, NpgsqlDbType.Integer),
                new NpgsqlParameter<long>("dimension_id", request.MemberId),
                new NpgsqlParameter<string>("metric", request.Metric.RollupMetric),
                new NpgsqlParameter<bool>("business_hours", request.BusinessHours),
            ]);
        }

        if (plan.RawIntervals.Count > 0)
        {
            var sql = request.Metric.Kind switch
            {
                ReportMetricKind.DistinctConversations => Handoffs,
                ReportMetricKind.CountWithoutHandoff => BotResolutions,
                _ => RawSeries,
            };
            var command = Command(sql, request, request.Dimension,
                [.. Intervals(plan), Column("bounds", buckets.All, bucket => bucket.Start, NpgsqlDbType.TimestampTz), new NpgsqlParameter<long>("dimension_id", request.MemberId)]);
            if (sql == RawSeries)
            {
                command.Parameters.Add(Array("event_names", [request.Metric.EventName], NpgsqlDbType.Text));
                command.Parameters.Add(new NpgsqlParameter<bool>("business_hours", request.BusinessHours));
            }

            yield return command;
        }
    }

    /// <summary>The commands that read a summary as it is planned. The raw ones answer the event's name for the metric.</summary>
    public static IEnumerable<NpgsqlBatchCommand> Summary(SummaryRequest request, IReadOnlyList<ReportMetric> metrics, ReadPlan plan)
    {
        if (plan.RollupDays.Count > 0)
        {
            yield return Command(RollupSummary, request, request.Dimension,
                Column("dates", plan.RollupDays, day => day.Date, NpgsqlDbType.Date),
                Column("metrics", metrics, metric => metric.RollupMetric, NpgsqlDbType.Text),
                new NpgsqlParameter<bool>("business_hours", request.BusinessHours));
        }

        if (plan.BaseDays.Count > 0)
        {
            yield return Command(BaseSummary, request, request.Dimension,
            [
                .. Windows(plan),
                Column("metrics", metrics, metric => metric.RollupMetric, NpgsqlDbType.Text),
                new NpgsqlParameter<bool>("business_hours", request.BusinessHours),
            ]);
        }

        if (plan.RawIntervals.Count > 0)
        {
            yield return Command(RawSummary, request, request.Dimension,
            [
                .. Intervals(plan),
                Column("event_names", metrics, metric => metric.EventName, NpgsqlDbType.Text),
                new NpgsqlParameter<bool>("business_hours", request.BusinessHours),
            ]);
        }
    }

    private static NpgsqlBatchCommand Command(string sql, ReportRequest request, string dimension, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<long>("account_id", request.AccountId));
        command.Parameters.Add(new NpgsqlParameter<string>("dimension_type", dimension));
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }

    private static NpgsqlParameter[] Windows(ReadPlan plan) =>
    [
        Column("dates", plan.BaseDays, day => day.Date, NpgsqlDbType.Date),
        Column("starts", plan.BaseDays, day => day.Start, NpgsqlDbType.TimestampTz),
        Column("ends", plan.BaseDays, day => day.End, NpgsqlDbType.TimestampTz),
    ];

    private static NpgsqlParameter[] Intervals(ReadPlan plan) =>
    [
        Column("starts", plan.RawIntervals, interval => interval.Start, NpgsqlDbType.TimestampTz),
        Column("ends", plan.RawIntervals, interval => interval.End, NpgsqlDbType.TimestampTz),
    ];
}
