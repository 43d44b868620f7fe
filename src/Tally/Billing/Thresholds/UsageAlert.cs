using NodaTime;

namespace Tally.Billing.Thresholds;

/// <summary>A message of queue <c>billing-alerts</c>: a service's SMS of a year reached a share of its free allowance.</summary>
/// <remarks>A message may come twice; <see cref="Id"/> is then the same.</remarks>
public sealed record UsageAlert
{
    public required Guid Id { get; init; }
    public required Guid ServiceId { get; init; }
    public required int FinancialYearStart { get; init; }

    /// <summary>The share that was reached, in percent of the allowance.</summary>
    public required int Percent { get; init; }

    /// <summary>The allowance, in fragments.</summary>
    public required int FreeSmsFragmentLimit { get; init; }

    /// <summary>Used so far in the year, in chargeable fragments.</summary>
    public required long ChargeableUnits { get; init; }

    /// <summary>When a refresh saw it.</summary>
    public required Instant CrossedAt { get; init; }
}
