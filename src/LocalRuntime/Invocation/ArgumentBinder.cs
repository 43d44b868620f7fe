using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Azure.Core.Serialization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace LocalRuntime.Invocation;

/// <summary>Fills a function's parameters: the trigger's by its value, the rest by type or by the name of a metadatum.</summary>
internal sealed class ArgumentBinder(IOptions<WorkerOptions> options)
{
    private readonly ObjectSerializer _serializer = options.Value.Serializer!;

    /// <summary>Whether a message is handed to a parameter of this type as it is, so that nobody looks for JSON in it.</summary>
    public static bool IsBinary(Type type) => type == typeof(byte[]) || type == typeof(BinaryData) || type == typeof(ReadOnlyMemory<byte>);

    /// <exception cref="FunctionInputException">A parameter cannot be filled.</exception>
    public object?[] Bind(LocalFunctionContext context) =>
        [.. context.Function.Method.GetParameters().Select(parameter => Bind(parameter, context))];

    private object? Bind(ParameterInfo parameter, LocalFunctionContext context)
    {
        if (parameter.ParameterType == typeof(FunctionContext)) return context;
        if (parameter.ParameterType == typeof(CancellationToken)) return context.CancellationToken;
        try
        {
            if (parameter.Equals(context.Function.TriggerParameter)) return ConvertTrigger(context.Trigger.Value, parameter.ParameterType);
            return context.BindingContext.BindingData.TryGetValue(parameter.Name!, out var value) && value is string text
                ? ConvertMetadatum(text, parameter.ParameterType)
                : Default(parameter);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or FormatException)
        {
            throw new FunctionInputException(
                $"Parameter {parameter.Name} of function {context.Function.Name} cannot be read as {parameter.ParameterType.Name}: {exception.Message}", exception);
        }
    }

    private object? ConvertTrigger(object value, Type type)
    {
        if (value is not BinaryData body) return value;
        if (type == typeof(string)) return body.ToString();
        if (type == typeof(byte[])) return body.ToArray();
        if (type == typeof(BinaryData)) return body;
        return type == typeof(ReadOnlyMemory<byte>) ? body.ToMemory() : _serializer.Deserialize(body.ToStream(), type, CancellationToken.None);
    }

    private object? ConvertMetadatum(string text, Type type)
    {
        if (type == typeof(string)) return text;
        if ((Nullable.GetUnderlyingType(type) ?? type) == typeof(Guid)) return Guid.Parse(text, CultureInfo.InvariantCulture);
        return _serializer.Deserialize(BinaryData.FromString(text).ToStream(), type, CancellationToken.None);
    }

    private static object? Default(ParameterInfo parameter)
    {
        if (parameter.HasDefaultValue) return parameter.DefaultValue;
        return !parameter.ParameterType.IsValueType || Nullable.GetUnderlyingType(parameter.ParameterType) is not null
            ? null
            : throw new FormatException("the trigger has no value of this name; add a default value or make the parameter nullable");
    }
}
