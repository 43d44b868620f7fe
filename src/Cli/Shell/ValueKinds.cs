using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Tally.Cli.Shell;

/// <summary>The kinds of value that commands take.</summary>
internal static class ValueKinds
{
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    /// <summary>Numbers that name something: an account, a group, a conversation.</summary>
    public static ValueKind<long> Id { get; } = new("ID", "a whole number above 0", (text, out id) => IsWhole(text, out id) && id > 0);

    public static ValueKind<Guid> Uuid { get; } = new("UUID", "an id such as 6f0b5e9c-1f5d-4c0a-9d57-0d3e4f6a7b8c", Guid.TryParse);

    public static ValueKind<LocalDate> Date { get; } = new(
        "YYYY-MM-DD", "a date as YYYY-MM-DD, for example 2026-03-29", (text, out date) => LocalDatePattern.Iso.Parse(text).TryGetValue(default, out date));

    public static ValueKind<YearMonth> Month { get; } = new(
        "YYYY-MM", "a month as YYYY-MM, for example 2026-03", (text, out month) => YearMonthPattern.Iso.Parse(text).TryGetValue(default, out month));

    /// <summary>How long something may take.</summary>
    public static ValueKind<TimeSpan> Time { get; } = new(
        "HH:MM:SS", "hours, minutes and seconds such as 00:03:00, up to one day",
        (text, out time) => TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out time) && time >= TimeSpan.Zero && time <= LongestTime);

    public static ValueKind<decimal> Decimal { get; } = new(
        "N", "a decimal number such as 0.0162",
        (text, out number) => decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number));

    /// <summary>A whole number from <paramref name="minimum"/> to <paramref name="maximum"/>, both included.</summary>
    public static ValueKind<int> Number(int minimum, int maximum = int.MaxValue) => new(
        "N", maximum == int.MaxValue ? $"a whole number from {minimum} on" : $"a whole number from {minimum} to {maximum}",
        (text, out number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= minimum && number <= maximum);

    /// <summary>One of a few words.</summary>
    public static ValueKind<string> Word(params IReadOnlyList<string> words) => OneOf(words, static word => word);

    /// <summary>The names of an enum, in lower case.</summary>
    public static ValueKind<T> Choice<T>()
        where T : struct, Enum => OneOf(Enum.GetValues<T>(), static value => value.ToString().ToLowerInvariant());

    /// <summary>One of a few things, by its name.</summary>
    public static ValueKind<T> OneOf<T>(IReadOnlyList<T> all, Func<T, string> nameOf)
    {
        var names = all.Select(nameOf).ToArray();
        return new(string.Join('|', names), $"{string.Join(", ", names[..^1])} or {names[^1]}", (string text, [MaybeNullWhen(false)] out T value) =>
        {
            var index = Array.FindIndex(names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
            value = index < 0 ? default : all[index];
            return index >= 0;
        });
    }

    /// <summary>Null where it is not given.</summary>
    public static Option<T?> Optional<T>(this ValueKind<T> kind, string name, string description, params string[] aliases)
        where T : struct => new(name, aliases) { Description = description, HelpName = kind.Form, CustomParser = result => kind.Read(result, name) };

    private static bool IsWhole(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
