using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using NodaTime;
using NodaTime.Text;

namespace Tally.Dashboard.Views;

/// <summary>What an address asks, read with messages for values that do not fit.</summary>
internal sealed class Query(IQueryCollection values)
{
    /// <summary>The text; null if it is not given or empty.</summary>
    public string? Text(string name) => values[name].ToString().Trim() is { Length: > 0 } text ? text : null;

    /// <exception cref="ViewException">It is no whole number above 0.</exception>
    public long? Id(string name) => Read<long>(name, "a whole number above 0", (string text, out long id) => long.TryParse(text, out id) && id > 0);

    /// <exception cref="ViewException">It is no UUID.</exception>
    public Guid? Uuid(string name) => Read<Guid>(name, "an id such as 6f0b5e9c-1f5d-4c0a-9d57-0d3e4f6a7b8c", Guid.TryParse);

    /// <exception cref="ViewException">It is no date.</exception>
    public LocalDate? Date(string name) => Read(name, "a date as YYYY-MM-DD", (string text, out LocalDate date) => LocalDatePattern.Iso.Parse(text).TryGetValue(default, out date));

    /// <exception cref="ViewException">It is no month.</exception>
    public YearMonth? Month(string name) => Read(name, "a month as YYYY-MM", (string text, out YearMonth month) => YearMonthPattern.Iso.Parse(text).TryGetValue(default, out month));

    /// <exception cref="ViewException">It is no year from 1970 to 2199.</exception>
    public int? Year(string name) => Read(name, "a year from 1970 to 2199", (string text, out int year) => int.TryParse(text, out year) && year is >= 1970 and < 2200);

    public bool Flag(string name) => Text(name) is "on" or "true" or "yes" or "1";

    /// <exception cref="ViewException">It is none of the words.</exception>
    public string Word(string name, string otherwise, params IReadOnlyList<string> words) =>
        Text(name) is not { } text ? otherwise
        : words.Contains(text) ? text
        : throw new ViewException($"'{name}' is '{text}'. Use one of: {string.Join(", ", words)}.");

    /// <summary>An address of <paramref name="view"/> with these parameters; those without a value are left out.</summary>
    public static string Address(string view, params IEnumerable<(string Name, object? Value)> parameters) => QueryHelpers.AddQueryString(
        view, parameters.Where(one => one.Value is not null).Select(one => KeyValuePair.Create(one.Name, (string?)Pages.Text.Exact(one.Value))));

    private T? Read<T>(string name, string expected, TryRead<T> tryRead)
        where T : struct =>
        Text(name) is not { } text ? null
        : tryRead(text, out var value) ? value
        : throw new ViewException($"'{name}' is '{text}'. Expected {expected}.");

    private delegate bool TryRead<T>(string text, out T value);
}

/// <summary>An address asks what cannot be answered; the message says why and what to ask instead.</summary>
internal sealed class ViewException(string message) : OperatorException(message);
