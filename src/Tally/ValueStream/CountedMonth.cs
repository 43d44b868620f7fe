using NodaTime;

namespace Tally.ValueStream;

internal static class CountedMonth
{
    /// <summary>The first day of the current month, in UTC.</summary>
    public static LocalDate CurrentMonth(this IClock clock) =>
        clock.GetCurrentInstant().InUtc().Date.With(DateAdjusters.StartOfMonth);
}
