using NodaTime;

namespace Tally.Reporting.Events;

/// <summary>A raw event of the support desk, as it arrives and as it is stored.</summary>
internal sealed record ReportingEvent
{
    /// <summary>The producer's id; with <see cref="AccountId"/> the idempotency key.</summary>
    public required Guid Id { get; init; }

    public required long AccountId { get; init; }

    /// <summary>For example <c>first_response</c>. Names outside <see cref="EventMetricRegistry"/> are stored and roll up to nothing.</summary>
    public required string Name { get; init; }

    /// <summary>Seconds, to the microsecond.</summary>
    public decimal? Value { get; init; }

    /// <summary>Seconds of the inbox's working hours.</summary>
    public decimal? ValueInBusinessHours { get; init; }

    public long? UserId { get; init; }

    public long? InboxId { get; init; }

    public long? ConversationId { get; init; }

    public Instant? EventStartTime { get; init; }

    public Instant? EventEndTime { get; init; }

    /// <summary>Decides the local day. Microseconds, as the database keeps them.</summary>
    public required Instant CreatedAt { get; init; }
}
