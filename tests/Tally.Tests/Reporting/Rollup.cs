using NodaTime;
using Tally.Reporting.Events;

namespace Tally.Tests.Reporting;

/// <summary>A rollup row, without its timestamps.</summary>
public sealed record Rollup(LocalDate Date, string Dimension, long DimensionId, string Metric, long Count, decimal Sum, decimal BusinessSum)
{
    public const string Sql = """
        SELECT date, dimension_type AS dimension, dimension_id, metric, count, sum_value AS sum, sum_value_business_hours AS business_sum
        FROM reporting.reporting_events_rollups WHERE account_id = @account_id
        ORDER BY date, dimension_type, dimension_id, metric
        """;

    /// <summary>A row of the account itself, on <see cref="TestEvent.Day"/>.</summary>
    public static Rollup OfAccount(long accountId, string metric, long count, decimal sum = 0, decimal businessSum = 0) =>
        new(TestEvent.Day, "account", accountId, metric, count, sum, businessSum);
}
