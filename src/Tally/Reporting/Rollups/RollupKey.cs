using NodaTime;

namespace Tally.Reporting.Rollups;

/// <summary>The key of a rollup row.</summary>
internal readonly record struct RollupKey(long AccountId, LocalDate Date, string DimensionType, long DimensionId, string Metric) : IComparable<RollupKey>
{
    public int CompareTo(RollupKey other)
    {
        var order = AccountId.CompareTo(other.AccountId);
        if (order == 0) order = Date.CompareTo(other.Date);
        if (order == 0) order = string.CompareOrdinal(DimensionType, other.DimensionType);
        if (order == 0) order = DimensionId.CompareTo(other.DimensionId);
        return order != 0 ? order : string.CompareOrdinal(Metric, other.Metric);
    }
}

/// <summary>The key of a day's row, and of its lock.</summary>
internal readonly record struct AccountDay(long AccountId, LocalDate Date) : IComparable<AccountDay>
{
    public int CompareTo(AccountDay other)
    {
        var order = AccountId.CompareTo(other.AccountId);
        return order != 0 ? order : Date.CompareTo(other.Date);
    }
}
