using NodaTime;
using Tally.Reporting.Accounts;

namespace Tally.Reporting.Days;

/// <summary>What the rollups of a day are worth.</summary>
public enum DayState
{
    /// <summary>Events are added as they come. The day is whole if it began after the account's zone was set.</summary>
    Live,

    /// <summary>Built from all raw events of the day, and kept up since.</summary>
    Complete,

    /// <summary>Waits to be rebuilt.</summary>
    Dirty,

    /// <summary>Raw events were removed; only the rollups remember them.</summary>
    Frozen,
}

/// <summary>A row of <c>reporting.reporting_days</c>.</summary>
public sealed record RollupDay
{
    public required LocalDate Date { get; init; }

    /// <summary>The zone whose day the rollups hold.</summary>
    public required string Timezone { get; init; }

    public required DayState State { get; init; }

    /// <summary>
    /// Whether the rollups of <paramref name="day"/>, cut in the account's zone, hold every event of the day.
    /// <paramref name="row"/> is null for a day that has none: no event came, which is known if the day began after the
    /// zone was set.
    /// </summary>
    public static bool IsCovered(RollupDay? row, LocalDay day, Account account)
    {
        var livedWhole = day.Start >= account.TimezoneSetAt;
        if (row is null) return livedWhole;
        return TimeZones.AreSame(row.Timezone, account.ReportingTimezone) && row.State switch
        {
            DayState.Complete or DayState.Frozen => true,
            DayState.Live => livedWhole,
            _ => false,
        };
    }
}
