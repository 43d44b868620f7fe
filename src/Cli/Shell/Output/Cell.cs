using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
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
            case INested: WriteJsonObject(json, value.GetType(), value); break;
            default: json.WriteStringValue(Text(value)); break;
        }
    }

    /// <summary>A record, by its columns.</summary>
    public static void WriteJsonObject(Utf8JsonWriter json, Type type, object record)
    {
        json.WriteStartObject();
        foreach (var column in Column.Of(type))
        {
            json.WritePropertyName(column.Name);
            WriteJson(json, column.ValueOf(record));
        }

        json.WriteEndObject();
    }
}

/// <summary>A property of a record, as a column of results.</summary>
internal sealed class Column(PropertyInfo property)
{
    private static readonly Type[] Numbers = [typeof(byte), typeof(short), typeof(int), typeof(long), typeof(decimal)];
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<Column>> Known = new();

    /// <summary>In snake_case.</summary>
    public string Name { get; } = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);

    public bool IsNumeric { get; } = Numbers.Contains(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);

    public object? ValueOf(object record) => property.GetValue(record);

    /// <summary>The public properties of a type, in the order of its declaration.</summary>
    public static IReadOnlyList<Column> Of<T>() => Of(typeof(T));

    /// <inheritdoc cref="Of{T}"/>
    public static IReadOnlyList<Column> Of(Type type) => Known.GetOrAdd(type, static type =>
        [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).OrderBy(property => property.MetadataToken).Select(property => new Column(property))]);
}
