namespace Tally.Billing.Allowances;

/// <summary>The allowance of a service for which nothing was agreed, by year.</summary>
internal static class DefaultAllowances
{
    /// <summary>The entry of <paramref name="year"/>, else of the latest year before it, else the first.</summary>
    public static int For(int year, IEnumerable<KeyValuePair<int, int>> defaults)
    {
        var byYear = defaults.OrderBy(entry => entry.Key).ToList();
        return byYear.LastOrDefault(entry => entry.Key <= year, byYear[0]).Value;
    }
}
