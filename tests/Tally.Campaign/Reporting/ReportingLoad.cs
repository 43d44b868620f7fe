using NodaTime;
using Tally.Reporting.Events;

namespace Tally.Campaign.Reporting;

/// <summary>A message of the queue <c>reporting-events</c>, with what it brings.</summary>
/// <param name="Number">Its place in the campaign, from 0.</param>
/// <param name="Body">Its bytes.</param>
/// <param name="IsBase64">As for <see cref="OutgoingMessage"/>.</param>
/// <param name="Events">What can be applied of it.</param>
/// <param name="Odd">What is odd about it; null for most.</param>
internal sealed record EventsMessage(int Number, byte[] Body, bool IsBase64, IReadOnlyList<ReportingEvent> Events, OddMessage? Odd = null) : OutgoingMessage(Body, IsBase64);

/// <summary>
/// What is sent: single events and arrays, one message in ten once more, one in fifty with an id that is there and other
/// contents, one in a hundred malformed.
/// </summary>
internal sealed class ReportingLoad
{
    private const int LargestArray = 12;

    // How many messages later, at most, something comes again.
    private const int Later = 2_000;

    private static readonly string[] Names =
    [
        "conversation_resolved", "first_response", "reply_time", "conversation_bot_resolved", "conversation_bot_handoff", "conversation_bot_handoff", "conversation_opened",
    ];

    private readonly Random _random;
    private readonly IReadOnlyList<Desk> _desks;
    private readonly Dictionary<long, IReadOnlyList<Instant>> _times;

    private ReportingLoad(CampaignSettings settings)
    {
        _random = settings.RandomFor("load");
        _desks = Desk.All(settings);
        _times = _desks.ToDictionary(desk => desk.Id, desk => desk.Times(settings.Day));
        var order = new PriorityQueue<EventsMessage, double>(settings.Messages);
        for (var place = 0; order.Count < settings.Messages; place++) Add(order, place);
        while (order.TryDequeue(out var message, out _)) Messages.Add(message with { Number = Messages.Count });
    }

    public List<EventsMessage> Messages { get; } = [];

    /// <summary>Messages that were sent once more, as they are.</summary>
    public int Repeated { get; private set; }

    /// <summary>Events that were sent with the id of another, and other contents.</summary>
    public int InConflict { get; private set; }

    public static ReportingLoad Of(CampaignSettings settings) => new(settings);

    private void Add(PriorityQueue<EventsMessage, double> order, int place)
    {
        if (_random.Next(100) == 0)
        {
            var odd = OddMessages.Make(OddMessages.Kinds[_random.Next(OddMessages.Kinds.Count)], NextOfWhoStays);
            order.Enqueue(new EventsMessage(0, odd.Body, odd.IsBase64, odd.Applied, odd), place);
            return;
        }

        var message = Good([.. Enumerable.Range(0, _random.Next(5) == 0 ? _random.Next(2, LargestArray + 1) : 1).Select(_ => Next())]);
        order.Enqueue(message, place);
        if (_random.Next(10) == 0)
        {
            Repeated++;
            order.Enqueue(message, place + (_random.NextDouble() * Later));
        }

        if (_random.Next(50) == 0 && Contradict(message.Events[0]) is { } other)
        {
            InConflict++;
            order.Enqueue(Good([other]), place + (_random.NextDouble() * Later));
        }
    }

    private static EventsMessage Good(IReadOnlyList<ReportingEvent> events) => new(0, EventJson.Message(events), true, events);

    /// <summary>The same id with other contents. Of one that is purged nobody could tell afterwards which of the two was there.</summary>
    private ReportingEvent? Contradict(ReportingEvent one) => _desks[(int)one.AccountId - 1].Has(Fate.IsPurged)
        ? null
        : _random.Next(3) switch
        {
            0 => one with { Value = (one.Value ?? 0) + 1 },
            1 => one with { Name = Names[(Array.IndexOf(Names, one.Name) + 1) % 3], UserId = null },
            _ => one with { CreatedAt = one.CreatedAt + Duration.FromHours(30) },
        };

    private ReportingEvent Next() => Next(_desks[_random.Next(_desks.Count)]);

    // A malformed message of an account that is erased is erased with it.
    private ReportingEvent NextOfWhoStays()
    {
        Desk desk;
        do desk = _desks[_random.Next(_desks.Count)];
        while (desk.Has(Fate.IsErased));
        return Next(desk);
    }

    private ReportingEvent Next(Desk desk)
    {
        var times = _times[desk.Id];
        return new ReportingEvent
        {
            Id = NextId(),
            AccountId = desk.Id,
            Name = Names[_random.Next(Names.Length)],
            Value = _random.Next(8) == 0 ? null : _random.Next(100_000_000) / 1_000m,
            ValueInBusinessHours = _random.Next(8) == 0 ? null : _random.Next(30_000_000) / 1_000_000m,
            UserId = _random.Next(8) == 0 ? null : (desk.Id * 100) + _random.Next(6),
            InboxId = _random.Next(8) == 0 ? null : (desk.Id * 10) + _random.Next(3),
            ConversationId = _random.Next(8) == 0 ? null : _random.Next(1, 40),
            CreatedAt = times[_random.Next(times.Count)] + Duration.FromMilliseconds(_random.Next(-86_400_000, 86_400_000)),
        };
    }

    private Guid NextId()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes);
    }
}
