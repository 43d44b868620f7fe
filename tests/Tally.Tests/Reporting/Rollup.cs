using NodaTime;

namespace Tally.Tests.Reporting;

/// <summary>A rollup row, without its timestamps.</summary>
public sealed record Rollup(LocalDate Date, string Dimension, long DimensionId, string Metric, long Count, decimal Sum, decimal BusinessSum)
{
    /// <summary>A row of the account itself, on <see cref="TestEvent.Day"/>.</summary>
    public static Rollup OfAccount(long accountId, string metric, long count, decimal sum = 0, decimal businessSum = 0) =>
        new(TestEvent.Day, "account", accountId, metric, count, sum, businessSum);
}
