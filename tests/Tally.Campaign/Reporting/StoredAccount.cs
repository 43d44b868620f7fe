using Dapper;
using NodaTime;
using Npgsql;
using Tally.Reporting.Events;

namespace Tally.Campaign.Reporting;

/// <summary>A day on record, as it is stored.</summary>
internal sealed record StoredDay(LocalDate Date, Instant DayStart, Instant DayEnd, string State);

/// <summary>What the database holds of an account, read without the product's code.</summary>
internal sealed record StoredAccount(
    string? Zone, IReadOnlyList<ReportingEvent> Events, IReadOnlySet<Guid> RemovedEvents, IReadOnlyDictionary<Row, Total> Rows, IReadOnlyDictionary<LocalDate, StoredDay> Days,
    IReadOnlyList<(Row Row, Instant Start, Instant End, Total Total)> Bases)
{
    private const string RowColumns = "date, dimension_type, dimension_id, metric, count, sum_value, sum_value_business_hours";

    public bool IsEmpty => Zone is null && Events.Count + RemovedEvents.Count + Rows.Count + Days.Count + Bases.Count == 0;

    public static async Task<StoredAccount> ReadAsync(NpgsqlConnection connection, long account)
    {
        return new StoredAccount(
            (await QueryAsync<string>("SELECT reporting_timezone FROM reporting.accounts WHERE id = @account")).SingleOrDefault(),
            [.. await QueryAsync<ReportingEvent>(
                """
                SELECT account_id, id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id, event_start_time, event_end_time, created_at
                FROM reporting.reporting_events WHERE account_id = @account
                """)],
            (await QueryAsync<Guid>("SELECT id FROM reporting.purged_events WHERE account_id = @account")).ToHashSet(),
            (await QueryAsync<RollupRow>($"SELECT {RowColumns} FROM reporting.reporting_events_rollups WHERE account_id = @account")).ToDictionary(row => row.Key, row => row.Total),
            (await QueryAsync<StoredDay>("SELECT date, day_start, day_end, state FROM reporting.reporting_days WHERE account_id = @account")).ToDictionary(day => day.Date),
            [.. (await QueryAsync<RollupRow>($"SELECT {RowColumns}, day_start, day_end FROM reporting.rollup_bases WHERE account_id = @account")).Select(row => (row.Key, row.DayStart, row.DayEnd, row.Total))]);

        Task<IEnumerable<T>> QueryAsync<T>(string sql) => connection.QueryAsync<T>(sql, new { account }, commandTimeout: 300);
    }

    private sealed record RollupRow
    {
        public LocalDate Date { get; init; }

        public string DimensionType { get; init; } = "";

        public long DimensionId { get; init; }

        public string Metric { get; init; } = "";

        public long Count { get; init; }

        public decimal SumValue { get; init; }

        public decimal SumValueBusinessHours { get; init; }

        public Instant DayStart { get; init; }

        public Instant DayEnd { get; init; }

        public Row Key => new(Date, DimensionType, DimensionId, Metric);

        public Total Total => new(Count, SumValue, SumValueBusinessHours);
    }
}
