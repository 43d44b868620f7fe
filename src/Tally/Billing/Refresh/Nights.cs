using NodaTime;

namespace Tally.Billing.Refresh;

/// <summary>Which nights are due and which days they cover; no clock, no database.</summary>
/// <remarks>
/// The night of date N falls due at N's nightly hour and covers the days N-1, N-2 ... back to <c>days</c> of them. Nights
/// that were missed are made up by one run: the latest night's, with every day that any of them covers.
/// </remarks>
internal static class Nights
{
    /// <summary>The latest night that is due.</summary>
    public static LocalDate LatestDue(Instant now, int nightlyHourUtc)
    {
        var utc = now.InUtc();
        return utc.Hour >= nightlyHourUtc ? utc.Date : utc.Date.PlusDays(-1);
    }

    /// <summary>The days to refresh in the run of night <paramref name="due"/>; none when that night was had.</summary>
    /// <param name="due">From <see cref="LatestDue"/>.</param>
    /// <param name="last">The last night that had a run; null when there was none.</param>
    /// <param name="days">How many closed days a night covers.</param>
    public static IEnumerable<LocalDate> DaysToRefresh(LocalDate due, LocalDate? last, int days)
    {
        var firstMissed = last?.PlusDays(1) ?? due;
        for (var day = firstMissed.PlusDays(-days); day < due && firstMissed <= due; day = day.PlusDays(1)) yield return day;
    }
}
