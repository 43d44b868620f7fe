using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using NpgsqlTypes;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using static Tally.Database.SqlParameters;

namespace Tally.Reporting.Reconcile;

/// <summary>A rollup row of a covered day that was not what the raw events said when it was verified.</summary>
internal sealed record RollupDrift
{
    public required long AccountId { get; init; }

    public required Instant FoundAt { get; init; }

    public required LocalDate Date { get; init; }

    public required string DimensionType { get; init; }

    public required long DimensionId { get; init; }

    public required string Metric { get; init; }

    /// <summary>What the raw events said; null if they called for no such row. Sums are seconds.</summary>
    public MetricAmount? Expected { get; init; }

    /// <summary>What the row said; null if there was none.</summary>
    public MetricAmount? Found { get; init; }

    /// <summary>When the day was built anew since; null if it still waits.</summary>
    public Instant? RebuiltAt { get; init; }
}

/// <summary>Keeps what verification finds, and shows it.</summary>
internal sealed class DriftLog(NpgsqlDataSource dataSource, IOptions<ReportingOptions> options, IClock clock, ILogger<DriftLog> logger)
{
    private const string Insert = """
        /* tally:drift.record */
        INSERT INTO reporting.rollup_drift
            (account_id, found_at, date, dimension_type, dimension_id, metric,
             expected_count, expected_sum_value, expected_sum_value_business_hours, found_count, found_sum_value, found_sum_value_business_hours)
        SELECT @account_id, @now, * FROM unnest(
            @dates, @dimension_types, @dimension_ids, @metrics, @expected_counts, @expected_sums, @expected_business_sums, @found_counts, @found_sums, @found_business_sums)
        ORDER BY 3, 4, 5, 6
        """;

    private const string MarkDirty = """
        /* tally:days.mark_differing */
        INSERT INTO reporting.reporting_days AS d (account_id, date, day_start, day_end, state, updated_at)
        SELECT @account_id, t.date, t.day_start, t.day_end, 'dirty', @now
        FROM unnest(@dates, @day_starts, @day_ends) AS t (date, day_start, day_end)
        ORDER BY t.date
        ON CONFLICT (account_id, date) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at
        RETURNING d.date
        """;

    private const string Select = """
        /* tally:drift.read */
        SELECT f.account_id, f.found_at, f.date, f.dimension_type, f.dimension_id, f.metric,
               CASE WHEN d.state <> 'dirty' AND d.built_at >= f.found_at THEN d.built_at END AS rebuilt_at,
               f.expected_count, f.expected_sum_value, f.expected_sum_value_business_hours, f.found_count, f.found_sum_value, f.found_sum_value_business_hours
        FROM reporting.rollup_drift f
        LEFT JOIN reporting.reporting_days d ON d.account_id = f.account_id AND d.date = f.date
        WHERE @account_id::bigint IS NULL OR f.account_id = @account_id
        ORDER BY f.found_at DESC, f.account_id, f.date DESC, f.dimension_type, f.dimension_id, f.metric
        LIMIT @limit
        """;

    private readonly TimeSpan _timeout = options.Value.StatementTimeout;

    /// <summary>The latest findings of one account, or of all, newest first.</summary>
    public async Task<IReadOnlyList<RollupDrift>> ReadAsync(long? accountId = null, int limit = 1_000, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(Select, new { account_id = accountId, limit }, cancellationToken: cancellationToken));
        return [.. rows.Select(row => row.ToDrift())];
    }

    /// <summary>
    /// Records the differences of covered days and marks every day that differs dirty, in one transaction; days that were
    /// not covered differ by right. Returns the days marked; none if the account's zone changed, which marks them itself.
    /// </summary>
    internal async Task<IReadOnlyList<LocalDate>> RecordAsync(Account account, IReadOnlyList<RollupDifference> differences, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var days = differences.Select(difference => difference.Date).Distinct().Order().ToList();
        var drift = differences.Where(difference => difference.IsOfCoveredDay(account)).ToList();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(_timeout, cancellationToken);
        await using (var locks = new NpgsqlBatch(connection, transaction) { Timeout = TimedStatement.ClientTimeout(_timeout) })
        {
            locks.BatchCommands.Add(ApplySql.LockCommand([AdvisoryLocks.Account(account.Id)], days.Select(date => AdvisoryLocks.Day(account.Id, date))));
            await locks.ExecuteNonQueryAsync(cancellationToken);
        }

        if (!await AccountDirectory.AreCurrentAsync(connection, [account], cancellationToken)) return [];

        await using (var insert = InsertCommand(connection, account.Id, drift, now)) await insert.ExecuteNonQueryAsync(cancellationToken);
        var marked = await connection.QueryAsync<LocalDate>(new CommandDefinition(
            MarkDirty,
            new
            {
                account_id = account.Id,
                dates = days,
                day_starts = days.ConvertAll(date => LocalDay.Of(date, account.Zone!).Start),
                day_ends = days.ConvertAll(date => LocalDay.Of(date, account.Zone!).End),
                now,
            },
            transaction,
            TimedStatement.ClientTimeout(_timeout),
            cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        Report(account.Id, drift);
        return [.. marked];
    }

    private void Report(long accountId, List<RollupDifference> drift)
    {
        foreach (var day in drift.GroupBy(difference => difference.Date))
        {
            Telemetry.DriftedDays.Add(1);
            var first = day.First();
            Log.RollupsDrifted(logger, accountId, day.Key.ToDateOnly(), day.Count(), first.DimensionType, first.DimensionId, first.Metric, Describe(first.Found), Describe(first.Expected));
        }
    }

    private static string Describe(MetricAmount? amount) =>
        amount is null ? "no row" : FormattableString.Invariant($"count {amount.Count}, sum {amount.SumValue}, business hours {amount.SumValueBusinessHours}");

    private static NpgsqlCommand InsertCommand(NpgsqlConnection connection, long accountId, List<RollupDifference> drift, Instant now) => new(Insert, connection)
    {
        Parameters =
        {
            new NpgsqlParameter<long>("account_id", accountId),
            new NpgsqlParameter<Instant>("now", now),
            Column("dates", drift, row => row.Date, NpgsqlDbType.Date),
            Column("dimension_types", drift, row => row.DimensionType, NpgsqlDbType.Text),
            Column("dimension_ids", drift, row => row.DimensionId, NpgsqlDbType.Bigint),
            Column("metrics", drift, row => row.Metric, NpgsqlDbType.Text),
            Column("expected_counts", drift, row => row.Expected?.Count, NpgsqlDbType.Bigint),
            Column("expected_sums", drift, row => row.Expected?.SumValue, NpgsqlDbType.Numeric),
            Column("expected_business_sums", drift, row => row.Expected?.SumValueBusinessHours, NpgsqlDbType.Numeric),
            Column("found_counts", drift, row => row.Found?.Count, NpgsqlDbType.Bigint),
            Column("found_sums", drift, row => row.Found?.SumValue, NpgsqlDbType.Numeric),
            Column("found_business_sums", drift, row => row.Found?.SumValueBusinessHours, NpgsqlDbType.Numeric),
        },
    };

    private sealed record Row
    {
        public required long AccountId { get; init; }

        public required Instant FoundAt { get; init; }

        public required LocalDate Date { get; init; }

        public required string DimensionType { get; init; }

        public required long DimensionId { get; init; }

        public required string Metric { get; init; }

        public Instant? RebuiltAt { get; init; }

        public long? ExpectedCount { get; init; }

        public decimal? ExpectedSumValue { get; init; }

        public decimal? ExpectedSumValueBusinessHours { get; init; }

        public long? FoundCount { get; init; }

        public decimal? FoundSumValue { get; init; }

        public decimal? FoundSumValueBusinessHours { get; init; }

        public RollupDrift ToDrift() => new()
        {
            AccountId = AccountId,
            FoundAt = FoundAt,
            Date = Date,
            DimensionType = DimensionType,
            DimensionId = DimensionId,
            Metric = Metric,
            RebuiltAt = RebuiltAt,
            Expected = Amount(ExpectedCount, ExpectedSumValue, ExpectedSumValueBusinessHours),
            Found = Amount(FoundCount, FoundSumValue, FoundSumValueBusinessHours),
        };

        private MetricAmount? Amount(long? count, decimal? sum, decimal? businessSum) => count is null ? null : new MetricAmount(Metric, count.Value, sum!.Value, businessSum!.Value);
    }
}
