using System.Text.Json;

namespace Tally;

/// <summary>JSON of the queues' messages: camelCase, dates as <c>yyyy-MM-dd</c>.</summary>
/// <remarks>Names are fixed by attributes on the messages, so that whatever serialiser the host brings writes the same.</remarks>
internal static class MessageJson
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNameCaseInsensitive = true, MaxDepth = 8 };

    public static string Serialize<T>(T message) => JsonSerializer.Serialize(message, Options);

    /// <exception cref="JsonException">The text is not a <typeparamref name="T"/>; the message names the field.</exception>
    public static T Deserialize<T>(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize<T>(utf8, Options) ?? throw new JsonException("The message is null.");
}
