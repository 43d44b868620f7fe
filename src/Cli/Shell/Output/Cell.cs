using System.Collections;
using System.Globalization;
using System.Text.Json;
using NodaTime;
using NodaTime.Text;

namespace Tally.Cli.Shell.Output;

/// <summary>Marks a record that may stand inside another; in JSON it is an object there.</summary>
internal interface INested;

/// <summary>How one value is written.</summary>
internal static class Cell
{
    private static readonly DurationPattern Hours = DurationPattern.CreateWithInvariantCulture("-H:mm:ss");

    /// <summary>The value as text; nothing for null.</summary>
    public static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        bool truth => truth ? "true" : "false",
        Enum name => JsonNamingPolicy.SnakeCaseLower.ConvertName(name.ToString()),
        LocalDate date => LocalDatePattern.Iso.Format(date),
        Instant instant => InstantPattern.ExtendedIso.Format(instant),
        Duration duration => Hours.Format(duration),
        IEnumerable many => string.Join(", ", many.Cast<object?>().Select(Text)),
        IFormattable plain => plain.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    public static void WriteJson(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case bool truth: json.WriteBooleanValue(truth); break;
            // Their plain text is a JSON number.
            case byte or short or int or long or decimal: json.WriteRawValue(Text(value)); break;
            case IEnumerable many and not string:
                json.WriteStartArray();
                foreach (var item in many) WriteJson(json, item);
                json.WriteEndArray();
                break;
            case INested:
                json.WriteStartObject();
                foreach (var column in Column.Of(value.GetType()))
                {
                    json.WritePropertyName(column.Name);
                    WriteJson(json, column.ValueOf(value));
                }

                json.WriteEndObject();
                break;
            default: json.WriteStringValue(Text(value)); break;
        }
    }

    public static bool IsNumeric(Type type) =>
        type == typeof(byte) || type == typeof(short) || type == typeof(int) || type == typeof(long) || type == typeof(decimal);
}
