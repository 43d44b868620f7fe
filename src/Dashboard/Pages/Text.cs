using System.Globalization;
using System.Text.Json;
using NodaTime;
using NodaTime.Text;

namespace Tally.Dashboard.Pages;

/// <summary>Values in words and figures.</summary>
internal static class Text
{
    private static readonly InstantPattern Minute = InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm' UTC'");
    private static readonly LocalDateTimePattern Hour = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm");

    /// <summary>A value as a person reads it.</summary>
    public static string Of(object? value) => value switch
    {
        null => "",
        string text => text,
        bool truth => truth ? "yes" : "no",
        Enum name => JsonNamingPolicy.SnakeCaseLower.ConvertName(name.ToString()).Replace('_', ' '),
        LocalDate date => LocalDatePattern.Iso.Format(date),
        YearMonth month => YearMonthPattern.Iso.Format(month),
        LocalDateTime local => Hour.Format(local),
        Instant instant => Minute.Format(instant),
        Duration duration => Seconds((decimal)duration.TotalSeconds),
        int or long => ((IFormattable)value).ToString("#,0", CultureInfo.InvariantCulture),
        decimal number => Number(number),
        _ => value.ToString() ?? "",
    };

    /// <summary>A value as a program reads it: exact, plain, times in UTC.</summary>
    public static string Exact(object? value) => value switch
    {
        bool truth => truth ? "true" : "false",
        Instant instant => InstantPattern.ExtendedIso.Format(instant),
        LocalDateTime local => LocalDateTimePattern.GeneralIso.Format(local),
        Duration duration => ((decimal)duration.TotalSeconds).ToString(CultureInfo.InvariantCulture),
        decimal number => (number / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture),
        IFormattable plain and (int or long) => plain.ToString(null, CultureInfo.InvariantCulture),
        _ => Of(value),
    };

    /// <summary>Up to three decimals, thousands apart.</summary>
    public static string Number(decimal number) => number.ToString("#,0.###", CultureInfo.InvariantCulture);

    /// <summary>A price, to four decimals at least, so that those below each other line up.</summary>
    public static string Money(decimal amount) => amount == 0 ? "0" : amount.ToString("#,0.0000##", CultureInfo.InvariantCulture);

    /// <summary>Seconds in the two units that matter: <c>45.2 s</c>, <c>12 min 30 s</c>, <c>5 h 12 min</c>, <c>3 d 4 h</c>.</summary>
    public static string Seconds(decimal seconds)
    {
        var whole = Math.Round(Math.Abs(seconds));
        var sign = seconds < 0 ? "-" : "";
        return whole switch
        {
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s"),
            < 3_600 => sign + Two(whole, 60, "min", 1, "s"),
            < 172_800 => sign + Two(whole, 3_600, "h", 60, "min"),
            _ => sign + Two(whole, 86_400, "d", 3_600, "h"),
        };
    }

    /// <summary>A stored name in words: <c>first_response</c> is <c>First response</c>.</summary>
    public static string Name(string name) => name.Length == 0 ? "" : char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' ');

    /// <summary><c>1 day</c>, <c>2 days</c>.</summary>
    public static string Count(long count, string noun) => $"{Of(count)} {noun}{(count == 1 ? "" : "s")}";

    private static string Two(decimal seconds, int large, string largeUnit, int small, string smallUnit)
    {
        var (first, second) = (Math.Floor(seconds / large), Math.Floor(seconds % large / small));
        return second == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{first:0} {largeUnit}")
            : string.Create(CultureInfo.InvariantCulture, $"{first:0} {largeUnit} {second:0} {smallUnit}");
    }
}
