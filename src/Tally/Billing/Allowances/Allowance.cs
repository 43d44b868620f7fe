namespace Tally.Billing.Allowances;

/// <summary>The free SMS fragments of a service in a calendar year.</summary>
internal sealed record Allowance
{
    public required Guid ServiceId { get; init; }
    public required int FinancialYearStart { get; init; }
    public required int FreeSmsFragmentLimit { get; init; }

    /// <summary>
    /// Nothing was agreed for that year: everything is charged, and the limit shown is the default that
    /// <see cref="AllowanceBook.SetDefaultsAsync"/> would set.
    /// </summary>
    public required bool AllowanceMissing { get; init; }
}
