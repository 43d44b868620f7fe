using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Tally.Cli.Shell;

/// <summary>Numbers and dates in sentences.</summary>
internal static class Words
{
    /// <summary><c>1 day</c>, <c>2 days</c>.</summary>
    public static string Count(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    public static string Of(LocalDate date) => LocalDatePattern.Iso.Format(date);

    public static string Of(YearMonth month) => YearMonthPattern.Iso.Format(month);
}
