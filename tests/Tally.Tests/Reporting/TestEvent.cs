using NodaTime;
using Tally.Reporting;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;

namespace Tally.Tests.Reporting;

/// <summary>Events as tests name them.</summary>
internal static class TestEvent
{
    /// <summary>2026-02-11, 12:00 in New York.</summary>
    public static readonly Instant Noon = Instant.FromUtc(2026, 2, 11, 17, 0);

    /// <summary>The New York day of <see cref="Noon"/>.</summary>
    public static readonly LocalDate Day = new(2026, 2, 11);

    public static ReportingEvent Of(
        long accountId, string name, decimal? value = null, decimal? businessValue = null,
        long? user = 7, long? inbox = 8, long? conversation = 9, Instant? at = null, Guid? id = null) => new()
        {
            Id = id ?? Guid.NewGuid(),
            AccountId = accountId,
            Name = name,
            Value = value,
            ValueInBusinessHours = businessValue,
            UserId = user,
            InboxId = inbox,
            ConversationId = conversation,
            CreatedAt = at ?? Noon,
        };

    public static ReportingEvent FirstResponse(long accountId, decimal? value = 100, Instant? at = null, Guid? id = null) =>
        Of(accountId, "first_response", value, value, at: at, id: id);

    public static ReportingEvent Handoff(long accountId, long? conversation, long? user = 7, long? inbox = 8, Instant? at = null) =>
        Of(accountId, "conversation_bot_handoff", 5, 5, user, inbox, conversation, at);
}
