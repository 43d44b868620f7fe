using System.Globalization;
using System.Reflection;

namespace Tally.Tests.LocalRuntime.Surface;

/// <summary>Describes public types in lines of text, one for each thing that source code can depend on.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>One line for each type, each of its interfaces and each of its public members, in ordinal order.</summary>
    public static IReadOnlyList<string> Describe(IEnumerable<Type> types) => [.. types.SelectMany(Describe).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Describe(Type type)
    {
        var name = type.FullName!;
        yield return $"{name}: {Kind(type)}";
        if (type.BaseType is { } parent && parent != typeof(object) && !type.IsValueType && !typeof(Delegate).IsAssignableFrom(type)) yield return $"{name}: base {Name(parent)}";
        if (type.IsEnum)
        {
            foreach (var value in Enum.GetNames(type)) yield return $"{name}.{value} = {Convert.ToInt32(Enum.Parse(type, value), CultureInfo.InvariantCulture)}";
            yield break;
        }

        var inherited = type.BaseType?.GetInterfaces() ?? [];
        foreach (var one in type.GetInterfaces().Except(inherited)) yield return $"{name}: implements {Name(one)}";
        if (type.GetCustomAttribute<AttributeUsageAttribute>(inherit: false) is { } usage) yield return $"{name}: on {usage.ValidOn}, several {usage.AllowMultiple}";
        foreach (var constructor in type.GetConstructors()) yield return $"{name}({Parameters(constructor)})";
        foreach (var property in type.GetProperties(Declared)) yield return $"{name}.{property.Name}: {Name(property.PropertyType)}{Access(property)}{Default(type, property)}";
        foreach (var method in type.GetMethods(Declared).Where(method => !method.IsSpecialName))
            yield return $"{name}.{method.Name}{Generics(method)}({Parameters(method)}): {Name(method.ReturnType)}{(method.IsStatic ? " static" : "")}{(method.IsAbstract ? " abstract" : "")}";
    }

    private static string Kind(Type type) =>
        typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : type.IsAbstract && type.IsSealed ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class"
        : "class";

    private static string Access(PropertyInfo property) =>
        (property.GetMethod is { IsPublic: true } ? " get" : "") + (property.SetMethod is { IsPublic: true } ? " set" : "");

    // What an attribute or a plain object holds that nobody has set.
    private static string Default(Type type, PropertyInfo property)
    {
        if (type.IsAbstract || property.SetMethod is not { IsPublic: true } || property.GetMethod is null) return "";
        var constructor = type.GetConstructors().OrderBy(one => one.GetParameters().Length).FirstOrDefault();
        if (constructor?.GetParameters().All(parameter => parameter.ParameterType == typeof(string)) != true || (typeof(Attribute).IsAssignableFrom(type) && type.Name.Contains("Retry", StringComparison.Ordinal))) return "";
        var made = constructor.Invoke([.. constructor.GetParameters().Select(_ => (object)"any")]);
        return $" = {Convert.ToString(property.GetValue(made), CultureInfo.InvariantCulture) ?? "null"}";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "null"}" : "")}"));

    private static string Generics(MethodInfo method) => method.IsGenericMethodDefinition
        ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>"
        : "";

    private static string Name(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.Name;
}
