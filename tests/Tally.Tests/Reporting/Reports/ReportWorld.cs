using NodaTime;
using Tally.Reporting;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;

namespace Tally.Tests.Reporting.Reports;

/// <summary>An account with random events, some of whose days are not covered and then hold rubbish.</summary>
internal sealed class ReportWorld
{
    private static readonly string[] Names =
        ["conversation_resolved", "first_response", "reply_time", "conversation_bot_resolved", "conversation_bot_handoff", "conversation_opened"];

    // Each with the change of offset, the missing or repeated midnight, or the odd offset that it is here for.
    private static readonly (string Zone, LocalDate Around)[] Places =
    [
        ("America/New_York", new(2026, 3, 8)), ("America/New_York", new(2026, 11, 1)), ("Africa/Cairo", new(2026, 4, 24)),
        ("Asia/Beirut", new(2026, 3, 29)), ("America/Havana", new(2025, 11, 2)), ("Asia/Kathmandu", new(2026, 1, 1)),
        ("Australia/Lord_Howe", new(2026, 4, 5)), ("Pacific/Apia", new(2011, 12, 30)), ("Etc/UTC", new(2026, 1, 1)),
    ];

    private readonly Random _random;
    private readonly Instant _start;

    private ReportWorld(Random random, long accountId, DateTimeZone zone, LocalDate around)
    {
        _random = random;
        AccountId = accountId;
        Zone = zone;
        _start = zone.AtLeniently(around.AtMidnight()).ToInstant() - Duration.FromDays(random.Next(2, 20));
        Events = [.. Enumerable.Range(0, 100).Select(_ => NewEvent())];
    }

    public long AccountId { get; }

    public DateTimeZone Zone { get; }

    public IReadOnlyList<ReportingEvent> Events { get; }

    /// <summary>The days that have events.</summary>
    public IReadOnlyList<LocalDate> Days => [.. Events.Select(one => LocalDay.Containing(one.CreatedAt, Zone).Date).Distinct().Order()];

    /// <summary>Applies the events, then spoils the rollups of some days together with their claim to be right.</summary>
    public static async Task<ReportWorld> BuildAsync(ReportingHost host, long accountId, int seed, bool isSpoiled = true)
    {
        var random = new Random(seed);
        var (zone, around) = Places[random.Next(Places.Length)];
        var world = new ReportWorld(random, accountId, DateTimeZoneProviders.Tzdb[zone], around);
        await host.AddAccountAsync(accountId, zone);
        await host.ApplyAsync([.. world.Events]);
        if (isSpoiled) await world.SpoilAsync(host);
        return world;
    }

    public SeriesRequest NextSeries()
    {
        var (from, to) = NextRange();
        var dimension = Pick("account", "account", "agent", "inbox");
        return new SeriesRequest
        {
            AccountId = AccountId,
            Metric = Pick([.. ReportMetric.All]),
            From = from,
            To = to,
            GroupBy = Pick(Enum.GetValues<ReportPeriod>()),
            Dimension = dimension,
            DimensionId = dimension == "account" ? null : _random.Next(1, 4),
            BusinessHours = _random.Next(2) == 0,
            Zone = NextZone(),
        };
    }

    public SummaryRequest NextSummary()
    {
        var (from, to) = NextRange();
        return new SummaryRequest { AccountId = AccountId, Dimension = Pick("agent", "inbox"), From = from, To = to, BusinessHours = _random.Next(2) == 0, Zone = NextZone() };
    }

    private async Task SpoilAsync(ReportingHost host)
    {
        // Dirty days are not whole, nor those that were cut with another window.
        var setAt = _start + Duration.FromHours(_random.Next(-48, 24 * 15));
        await host.ExecuteAsync("UPDATE reporting.accounts SET timezone_set_at = @set_at, report_rollup = true WHERE id = @account_id", new { set_at = setAt, account_id = AccountId });
        foreach (var row in await host.QueryAsync<RollupDay>("SELECT date, day_start, day_end, state FROM reporting.reporting_days WHERE account_id = @account_id", new { account_id = AccountId }))
        {
            var (state, shift) = _random.Next(6) switch
            {
                0 => ("dirty", 0),
                1 => ("complete", 1),
                2 or 3 => ("complete", 0),
                _ => ("live", 0),
            };
            var isWhole = state != "dirty" && shift == 0;
            await host.ExecuteAsync(
                """
                UPDATE reporting.reporting_days SET state = @state, day_start = day_start + @shift * interval '1 hour', day_end = day_end + @shift * interval '1 hour'
                WHERE account_id = @account_id AND date = @date
                """,
                new { state, shift, account_id = AccountId, date = row.Date });
            if (!isWhole)
                await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = count + 1000, sum_value = 1 WHERE account_id = @account_id AND date = @date", new { account_id = AccountId, date = row.Date });
        }
    }

    private (Instant From, Instant To) NextRange()
    {
        // Local midnights, so that whole days are asked for, and any instants, so that days are cut.
        var instants = new[] { NextBound(), NextBound() };
        Array.Sort(instants);
        return instants[0] < instants[1] ? (instants[0], instants[1]) : (instants[0], instants[0] + Duration.FromSeconds(1));
    }

    private Instant NextBound()
    {
        var instant = _start + Duration.FromMinutes(_random.Next(-2_000, 60_000));
        return _random.Next(3) == 0 ? instant : LocalDay.Containing(instant, Zone).Start;
    }

    private ReportZone? NextZone() => _random.Next(5) switch
    {
        0 => ReportZone.Named(Pick("Asia/Tokyo", "Europe/London", "America/New_York", "Pacific/Apia")),
        1 => ReportZone.FixedOffset(Zone.GetUtcOffset(_start)),
        2 => ReportZone.Named(Zone.Id),
        _ => null,
    };

    private ReportingEvent NewEvent() => new()
    {
        Id = Guid.NewGuid(),
        AccountId = AccountId,
        Name = Pick(Names),
        Value = _random.Next(5) == 0 ? null : _random.Next(0, 1_000_000) / 1000m,
        ValueInBusinessHours = _random.Next(5) == 0 ? null : _random.Next(0, 1_000_000) / 1000m,
        UserId = Optional(3),
        InboxId = Optional(3),
        ConversationId = Optional(8),
        CreatedAt = _start + Duration.FromMinutes(_random.Next(0, 58_000)) + Duration.FromMilliseconds(_random.Next(60_000)),
    };

    private long? Optional(int values) => _random.Next(6) == 0 ? null : _random.Next(1, values + 1);

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];
}
