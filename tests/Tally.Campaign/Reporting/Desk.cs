using NodaTime;

namespace Tally.Campaign.Reporting;

/// <summary>What happens to an account while its events come. Each has its share of the accounts, and one share is left alone.</summary>
[Flags]
internal enum Fate
{
    LeftAlone = 0,
    ChangesZone = 1,
    IsPurged = 2,
    LosesEvents = 4,
    IsErased = 8,
}

/// <summary>An account of the campaign.</summary>
internal sealed record Desk(long Id, string Zone, Fate Fate)
{
    /// <summary>Zones with turns at midnight, half hours, whole days that never were, rules of their own, or none.</summary>
    public static IReadOnlyList<string> Zones { get; } =
    [
        "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana", "Africa/Cairo", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "Asia/Beirut",
        "America/Asuncion", "Pacific/Chatham", "America/Santiago", "Asia/Gaza", "Antarctica/Troll", "America/Scoresbysund", "Atlantic/Azores", "Europe/Dublin",
        "Pacific/Kiritimati", "Pacific/Niue", "Asia/Tehran", "America/Nuuk", "Pacific/Norfolk", "Africa/El_Aaiun", "America/New_York", "Etc/UTC",
    ];

    private static readonly Fate[] Fates =
    [
        Fate.LeftAlone, Fate.ChangesZone, Fate.IsPurged, Fate.LosesEvents, Fate.LeftAlone,
        Fate.ChangesZone | Fate.IsPurged, Fate.LosesEvents | Fate.ChangesZone, Fate.IsErased, Fate.IsPurged, Fate.ChangesZone,
    ];

    public static IReadOnlyList<Desk> All(CampaignSettings settings) =>
        [.. Enumerable.Range(0, settings.Accounts).Select(index => new Desk(index + 1, Zones[index % Zones.Count], Fates[index % Fates.Length]))];

    public bool Has(Fate fate) => Fate.HasFlag(fate);

    /// <summary>Around its zone's last turns of the clock, and the last days, which reconcile looks at.</summary>
    public IReadOnlyList<Instant> Times(LocalDate day)
    {
        var zone = DateTimeZoneProviders.Tzdb[Zone];
        var today = day.AtMidnight().InUtc().ToInstant();
        var times = new List<Instant> { today - Duration.FromDays(1), today - Duration.FromDays(3), today - Duration.FromDays(45) };
        for (var interval = zone.GetZoneInterval(today); interval.HasStart && times.Count < 6 && interval.Start > today - Duration.FromDays(800); interval = zone.GetZoneInterval(interval.Start - Duration.Epsilon))
            times.Add(interval.Start);
        return times;
    }
}
