using System.Buffers.Binary;
using NodaTime;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;

namespace Tally.Cli.Demo.Reporting;

/// <summary>
/// A support desk's events up to 30 April 2026, the same at every call: busy and quiet accounts, working weeks, mornings
/// and afternoons, agents, inboxes, bots that hand over.
/// </summary>
internal static class SupportDesk
{
    /// <summary>A history from January on, in which clocks change in eight of the twelve zones.</summary>
    public const int DefaultDays = 120;

    /// <summary>The last day of the history, in each account's zone.</summary>
    public static readonly LocalDate LastDay = new(2026, 4, 30);

    private const int LiveDays = 2;

    // Monday to Sunday, and midnight to midnight: how much of a week or a day happens then.
    private static readonly Cumulative Week = new([20, 19, 18, 17, 15, 6, 5]);
    private static readonly Cumulative Day = new([1, 1, 1, 1, 1, 2, 4, 9, 18, 26, 28, 24, 18, 22, 27, 26, 22, 16, 10, 7, 5, 4, 2, 1]);
    private static readonly Cumulative Names = new([28, 27, 30, 4, 6, 5]);

    private static readonly string[] EventNames =
        ["conversation_resolved", "first_response", "reply_time", "conversation_bot_resolved", "conversation_bot_handoff", "conversation_opened"];

    /// <summary>The history: <paramref name="count"/> events over all accounts and the last <paramref name="days"/> days, account by account.</summary>
    public static IEnumerable<ReportingEvent> History(int count, int days = DefaultDays) =>
        Shares(count).SelectMany(share => Events(share.Account, share.Count, seed: 1, days));

    /// <summary>More events of the last two days, accounts mixed, as a queue would bring them.</summary>
    public static IReadOnlyList<ReportingEvent> Live(int count)
    {
        var events = Shares(count).SelectMany(share => Events(share.Account, share.Count, seed: 2, LiveDays)).ToArray();
        new Random(count).Shuffle(events);
        return events;
    }

    /// <summary>How <paramref name="events"/> events fall to the accounts: each has some, and the first has most.</summary>
    private static IEnumerable<(DemoAccount Account, int Count)> Shares(int events)
    {
        var weights = DemoAccount.All.Select(account => Math.Pow(account.Id, -0.7)).ToList();
        var (given, sum) = (0, 0d);
        for (var index = 0; index < weights.Count; index++)
        {
            sum += weights[index];
            var until = (int)Math.Round(events * sum / weights.Sum());
            yield return (DemoAccount.All[index], until - given);
            given = until;
        }
    }

    private static IEnumerable<ReportingEvent> Events(DemoAccount account, int count, int seed, int days)
    {
        var random = new Random((int)(seed * 1_000 + account.Id));
        var agents = 3 + (60 / (int)account.Id);
        var inboxes = 2 + (int)account.Id % 4;
        for (var index = 0; index < count; index++)
        {
            var createdAt = Moment(account, random, days);
            var name = EventNames[Names.Pick(random)];
            var byBot = name.StartsWith("conversation_bot", StringComparison.Ordinal);
            var seconds = Seconds(random);
            yield return new ReportingEvent
            {
                Id = Id(createdAt, random),
                AccountId = account.Id,
                Name = name,
                Value = seconds,
                ValueInBusinessHours = seconds is { } value ? decimal.Round(value * random.Next(20, 101) / 100, 3) : null,
                UserId = byBot ? null : (account.Id * 1_000) + random.Next(agents),
                InboxId = (account.Id * 100) + random.Next(inboxes),
                // A few hundred open conversations at a time, so that one is handed over more than once a day.
                ConversationId = random.NextInt64(1, 400) + (createdAt.ToUnixTimeSeconds() / NodaConstants.SecondsPerDay * 400),
                EventEndTime = createdAt,
                CreatedAt = createdAt,
            };
        }
    }

    private static Instant Moment(DemoAccount account, Random random, int days)
    {
        LocalDate date;
        // A week's share picks the weekday; the days of a short range are taken as they come.
        do date = LastDay.PlusDays(-random.Next(days));
        while (days >= 7 && Week.Pick(random) != (int)date.DayOfWeek - 1);
        var time = new LocalTime(Day.Pick(random), random.Next(60), random.Next(60)).PlusMilliseconds(random.Next(1_000));
        return date.At(time).InZoneLeniently(account.Zone).ToInstant();
    }

    // Most take minutes, some take days; one in a hundred is of an old version that did not measure.
    private static decimal? Seconds(Random random) => random.Next(100) == 0
        ? null
        : decimal.Round((decimal)Math.Exp(4 + (random.NextDouble() * 5) + (random.NextDouble() * 2)), random.Next(8) == 0 ? 3 : 0);

    // As UUIDs of version 7: the producer's are in order of time, and the index stays compact.
    private static Guid Id(Instant createdAt, Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        var milliseconds = createdAt.ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)(milliseconds >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[2..], unchecked((uint)milliseconds));
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>Picks indexes by weight.</summary>
    private sealed class Cumulative
    {
        private readonly int[] _upTo;

        public Cumulative(int[] weights)
        {
            _upTo = new int[weights.Length];
            var sum = 0;
            for (var index = 0; index < weights.Length; index++) _upTo[index] = sum += weights[index];
        }

        public int Pick(Random random)
        {
            var drawn = random.Next(_upTo[^1]);
            return Array.FindIndex(_upTo, limit => drawn < limit);
        }
    }
}
