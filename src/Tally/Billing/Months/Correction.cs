using NodaTime;

namespace Tally.Billing.Months;

/// <summary>One change of one fact: a row of <c>corrections</c>.</summary>
internal sealed record Correction
{
    public required long Id { get; init; }

    /// <summary>The refresh that made or found it.</summary>
    public required Guid RunId { get; init; }
    public required Instant RecordedAt { get; init; }

    /// <summary><c>applied</c>; <c>held</c>: the month is closed and the fact unchanged; <c>superseded</c>: held, then overtaken.</summary>
    public required string State { get; init; }

    /// <summary>When it was applied or superseded; null while held.</summary>
    public required Instant? DecidedAt { get; init; }

    /// <summary>The old value had been computed while the day was still running: growth rather than a correction.</summary>
    public required bool Provisional { get; init; }
    public required LocalDate LocalDate { get; init; }
    public required Guid ServiceId { get; init; }
    public required Guid TemplateId { get; init; }
    public required string NotificationType { get; init; }
    public required string Provider { get; init; }
    public required int RateMultiplier { get; init; }
    public required bool International { get; init; }

    /// <summary>Null, as the other "from" values, for a fact that appeared.</summary>
    public required decimal? RateFrom { get; init; }

    /// <summary>Null, as the other "to" values, for a fact that vanished.</summary>
    public required decimal? RateTo { get; init; }
    public required long? BillableUnitsFrom { get; init; }
    public required long? BillableUnitsTo { get; init; }
    public required long? NotificationsSentFrom { get; init; }
    public required long? NotificationsSentTo { get; init; }

    /// <summary>What the change adds to or takes from the price, before any allowance.</summary>
    public required decimal GrossCostChange { get; init; }
}
