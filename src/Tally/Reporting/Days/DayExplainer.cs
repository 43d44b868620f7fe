using Dapper;
using NodaTime;
using Npgsql;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;

namespace Tally.Reporting.Days;

/// <summary>A metric of the account itself on a day: what the day's base and raw events say, and what the rollups are.</summary>
internal sealed record MetricExplanation(string Metric, MetricAmount? Base, MetricAmount? Raw, MetricAmount? Rollup)
{
    /// <summary>Whether the rollup is the base plus the raw events.</summary>
    public bool Agrees =>
        (Base?.Count ?? 0) + (Raw?.Count ?? 0) == (Rollup?.Count ?? 0)
        && (Base?.SumValue ?? 0) + (Raw?.SumValue ?? 0) == (Rollup?.SumValue ?? 0)
        && (Base?.SumValueBusinessHours ?? 0) + (Raw?.SumValueBusinessHours ?? 0) == (Rollup?.SumValueBusinessHours ?? 0);
}

/// <summary>Where a day's numbers come from.</summary>
internal sealed record DayExplanation
{
    public required Account Account { get; init; }

    public required LocalDay Day { get; init; }

    /// <summary>The version of the time zone data that cut <see cref="Day"/>.</summary>
    public required string ZoneData { get; init; }

    /// <summary>The day's row; null if it has none.</summary>
    public required RollupDay? Row { get; init; }

    public required bool Covered { get; init; }

    /// <summary>Raw events of the day, of whatever name.</summary>
    public required long RawEvents { get; init; }

    /// <summary>Bases of this date that were cut with other windows: no part of the day's rollups, and added to reports whole.</summary>
    public required int OtherBases { get; init; }

    public required IReadOnlyList<MetricExplanation> Metrics { get; init; }

    /// <summary>Rows of any dimension that are not what they should be.</summary>
    public required int RowsDiffering { get; init; }

    public bool Agrees => RowsDiffering == 0;
}

/// <summary>Says why a day's numbers are what they are, in one snapshot. Writes nothing.</summary>
internal sealed class DayExplainer(NpgsqlDataSource dataSource, AccountStore accounts)
{
    private const string Rows = """
        /* tally:days.explain_rows */
        SELECT date, day_start, day_end, state FROM reporting.reporting_days WHERE account_id = @account_id AND date BETWEEN @from AND @to
        """;

    private const string Bases = """
        /* tally:days.explain_bases */
        SELECT day_start, day_end, metric, count, sum_value, sum_value_business_hours FROM reporting.rollup_bases
        WHERE account_id = @account_id AND date = @date AND dimension_type = 'account'
        """;

    private const string Events = """
        /* tally:days.explain_events */
        SELECT name, count(*) AS events, count(DISTINCT conversation_id) AS conversations,
               coalesce(sum(value), 0) AS sum_value, coalesce(sum(value_in_business_hours), 0) AS sum_value_business_hours
        FROM reporting.reporting_events
        WHERE account_id = @account_id AND created_at >= @start AND created_at < @end
        GROUP BY name
        """;

    private const string Rollups = """
        /* tally:days.explain_rollups */
        SELECT metric, count, sum_value, sum_value_business_hours FROM reporting.reporting_events_rollups
        WHERE account_id = @account_id AND date = @date AND dimension_type = 'account'
        """;

    /// <summary>Explains the account's day.</summary>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    /// <exception cref="MissingTimeZoneException">The account has no reporting timezone.</exception>
    public async Task<DayExplanation> ExplainAsync(long accountId, LocalDate date, CancellationToken cancellationToken = default)
    {
        var account = await accounts.FindAsync(accountId, cancellationToken) ?? throw new Tally.Reporting.Rollups.UnknownAccountException(accountId);
        var day = LocalDay.Of(date, account.Zone ?? throw new MissingTimeZoneException(account));
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        var coverage = new DayCoverage(account, await QueryAsync<RollupDay>(Rows, new { account_id = accountId, from = date.PlusDays(-DayCoverage.Neighbours), to = date.PlusDays(DayCoverage.Neighbours) }));
        var bases = (await QueryAsync<BaseRow>(Bases, new { account_id = accountId, date })).ToList();
        var events = (await QueryAsync<EventRow>(Events, new { account_id = accountId, start = day.Start, end = day.End })).ToDictionary(row => row.Name);
        var rollups = (await QueryAsync<MetricRow>(Rollups, new { account_id = accountId, date })).ToDictionary(row => row.Metric, row => row.ToAmount());
        var own = bases.Where(row => row.DayStart == day.Start && row.DayEnd == day.End).ToDictionary(row => row.Metric, row => row.ToAmount());
        await using var verify = DaySql.VerifyCommand(connection, accountId, [day]);
        return new DayExplanation
        {
            Account = account,
            Day = day,
            ZoneData = account.Rules.Version,
            Row = coverage.RowOf(date),
            Covered = coverage.IsCovered(day),
            RawEvents = events.Values.Sum(row => row.Events),
            OtherBases = bases.Where(row => row.DayStart != day.Start || row.DayEnd != day.End).Select(row => (row.DayStart, row.DayEnd)).Distinct().Count(),
            Metrics = [.. EventMetricRegistry.All.Select(entry => new MetricExplanation(
                entry.Metric, own.GetValueOrDefault(entry.Metric), events.GetValueOrDefault(entry.EventName)?.ToAmount(entry), rollups.GetValueOrDefault(entry.Metric)))],
            RowsDiffering = (await RollupVerifier.ReadDifferencesAsync(verify, cancellationToken)).Count,
        };

        Task<IEnumerable<T>> QueryAsync<T>(string sql, object parameters) =>
            connection.QueryAsync<T>(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken));
    }

    private record MetricRow
    {
        public required string Metric { get; init; }

        public required long Count { get; init; }

        public required decimal SumValue { get; init; }

        public required decimal SumValueBusinessHours { get; init; }

        public MetricAmount ToAmount() => new(Metric, Count, SumValue, SumValueBusinessHours);
    }

    private sealed record BaseRow : MetricRow
    {
        public required Instant DayStart { get; init; }

        public required Instant DayEnd { get; init; }
    }

    private sealed record EventRow
    {
        public required string Name { get; init; }

        public required long Events { get; init; }

        public required long Conversations { get; init; }

        public required decimal SumValue { get; init; }

        public required decimal SumValueBusinessHours { get; init; }

        public MetricAmount ToAmount(EventMetric entry) => entry.Kind switch
        {
            MetricKind.Duration => new(entry.Metric, Events, SumValue, SumValueBusinessHours),
            MetricKind.DistinctConversations => new(entry.Metric, Conversations, 0, 0),
            _ => new(entry.Metric, Events, 0, 0),
        };
    }
}
