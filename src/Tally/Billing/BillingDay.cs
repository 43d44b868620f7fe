using NodaTime;

namespace Tally.Billing;

/// <summary>A billing day runs from midnight UTC to midnight UTC, the end excluded.</summary>
internal static class BillingDay
{
    /// <summary>The first of the two numbers of a day's advisory lock; it spells "bill".</summary>
    public const int LockClass = 0x62696C6C;

    private static readonly LocalDate Epoch = new(2000, 1, 1);

    /// <summary>The second number of the day's advisory lock.</summary>
    public static int LockKey(this LocalDate day) => Period.DaysBetween(Epoch, day);

    public static Instant StartUtc(this LocalDate day) => day.AtMidnight().InUtc().ToInstant();

    public static Instant EndUtc(this LocalDate day) => day.PlusDays(1).StartUtc();

    public static LocalDate TodayUtc(this IClock clock) => clock.GetCurrentInstant().InUtc().Date;

    public static LocalDate FirstDay(this YearMonth month) => month.OnDayOfMonth(1);

    public static YearMonth Month(this LocalDate day) => day.ToYearMonth();
}
