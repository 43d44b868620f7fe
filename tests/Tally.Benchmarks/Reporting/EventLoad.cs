using NodaTime;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Benchmarks.Reporting;

/// <summary>Deterministic events of a support desk: one account, or many with even shares.</summary>
internal sealed class EventLoad(int accounts, int seed)
{
    public static readonly Instant Day = Instant.FromUtc(2026, 3, 2, 5, 0);

    private static readonly (string Name, int Share)[] Names =
    [
        ("conversation_resolved", 25), ("first_response", 22), ("reply_time", 33),
        ("conversation_bot_resolved", 6), ("conversation_bot_handoff", 6), ("conversation_opened", 8),
    ];

    private readonly Random _random = new(seed);

    public ReportingEvent Next()
    {
        var account = 1 + _random.Next(accounts);
        var value = _random.Next(10, 90_000);
        return new ReportingEvent
        {
            Id = NextId(),
            AccountId = account,
            Name = NextName(),
            Value = value,
            ValueInBusinessHours = value / 3,
            UserId = (account * 100L) + _random.Next(20),
            InboxId = (account * 10L) + _random.Next(5),
            ConversationId = _random.Next(1, 1_000_000),
            EventEndTime = Day,
            CreatedAt = Day + Duration.FromSeconds(_random.Next(0, 86_400)),
        };
    }

    public ReportingEvent[] Next(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];

    private Guid NextId()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private string NextName()
    {
        var draw = _random.Next(100);
        foreach (var (name, share) in Names)
        {
            draw -= share;
            if (draw < 0) return name;
        }

        throw new InvalidOperationException("The shares add up to less than 100.");
    }
}
