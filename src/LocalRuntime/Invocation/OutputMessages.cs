using System.Text.Encodings.Web;
using System.Text.Json;
using Azure.Core.Serialization;

namespace LocalRuntime.Invocation;

/// <summary>What the Functions host makes of a returned value: one message per array element, objects as indented JSON.</summary>
internal static class OutputMessages
{
    // As the host writes them, so that a message has the same size here and there.
    private static readonly JsonSerializerOptions HostJson = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="InvalidOperationException">A returned text looks like JSON, which the host would take apart.</exception>
    public static IEnumerable<BinaryData> From(object? value, ObjectSerializer serializer) => value switch
    {
        null => [],
        byte[] bytes => [BinaryData.FromBytes(bytes)],
        string text => [BinaryData.FromString(Plain(text))],
        _ => FromJson(serializer.Serialize(value, value.GetType())),
    };

    private static IEnumerable<BinaryData> FromJson(BinaryData json)
    {
        using var document = JsonDocument.Parse(json.ToMemory());
        var root = document.RootElement;
        return root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray().SelectMany(Message)] : [.. Message(root)];
    }

    private static IEnumerable<BinaryData> Message(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.String => [BinaryData.FromString(element.GetString()!)],
        _ => [BinaryData.FromString(JsonSerializer.Serialize(element, HostJson))],
    };

    private static string Plain(string text)
    {
        var trimmed = text.AsSpan().Trim();
        var looksLikeJson = trimmed is ['{', .., '}'] or ['[', .., ']'];
        return looksLikeJson
            ? throw new InvalidOperationException("The function returned a text that looks like JSON to a queue. Azure's host would parse and rewrite it, and split an array: return the object or the array itself.")
            : text;
    }
}
