using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;

namespace Tally.Cli.Shell.Output;

/// <summary>A property of a record, as a column of results.</summary>
internal sealed class Column
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<Column>> Known = new();
    private readonly PropertyInfo _property;

    private Column(PropertyInfo property)
    {
        _property = property;
        Name = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
        IsNumeric = Cell.IsNumeric(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
    }

    /// <summary>In snake_case.</summary>
    public string Name { get; }

    public bool IsNumeric { get; }

    public object? ValueOf(object record) => _property.GetValue(record);

    /// <summary>The public properties of a type, in the order of its declaration.</summary>
    public static IReadOnlyList<Column> Of<T>() => Of(typeof(T));

    /// <inheritdoc cref="Of{T}"/>
    public static IReadOnlyList<Column> Of(Type type) => Known.GetOrAdd(type, static type =>
        [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).OrderBy(property => property.MetadataToken).Select(property => new Column(property))]);
}
