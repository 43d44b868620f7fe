using NodaTime;

namespace Tally.Billing.Reports;

/// <summary>A service's year at one rate.</summary>
internal sealed record YearlyUsage
{
    public required string NotificationType { get; init; }
    public required decimal Rate { get; init; }
    public required long NotificationsSent { get; init; }

    /// <summary>SMS: fragments times multiplier. Email: its billable units, 0 as a rule.</summary>
    public required long ChargeableUnits { get; init; }

    /// <summary>Of the charged units, at the rate.</summary>
    public required decimal Cost { get; init; }
    public required long FreeAllowanceUsed { get; init; }
    public required long ChargedUnits { get; init; }

    /// <summary>The service has no allowance for the year; every SMS is charged.</summary>
    public required bool AllowanceMissing { get; init; }
}

/// <summary>A service's month at one rate; units as in <see cref="YearlyUsage"/>.</summary>
internal sealed record MonthlyUsage
{
    public required decimal Rate { get; init; }
    public required string NotificationType { get; init; }

    /// <summary>The month's first day.</summary>
    public required LocalDate Month { get; init; }
    public required long NotificationsSent { get; init; }
    public required long ChargeableUnits { get; init; }
    public required decimal Cost { get; init; }
    public required long FreeAllowanceUsed { get; init; }
    public required long ChargedUnits { get; init; }
    public required bool AllowanceMissing { get; init; }
}

/// <summary>One fact of a service with its part of the allowance; units as in <see cref="YearlyUsage"/>.</summary>
internal sealed record FactUsage
{
    public required LocalDate LocalDate { get; init; }
    public required long NotificationsSent { get; init; }
    public required long ChargeableUnits { get; init; }
    public required decimal Rate { get; init; }
    public required string NotificationType { get; init; }
    public required decimal Cost { get; init; }
    public required long FreeAllowanceUsed { get; init; }
    public required long ChargedUnits { get; init; }
}
