using System.Globalization;
using System.Text;
using Google.Protobuf;
using LocalHost.Protocol;
using Microsoft.Azure.WebJobs;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace LocalHost.Functions;

/// <summary>Values on their way to the worker and back, in the forms that the Functions host gives them.</summary>
internal static class Values
{
    // Texts that look like dates stay as they are.
    private static readonly JsonSerializerSettings Plain = new() { DateParseHandling = DateParseHandling.None };

    /// <summary>What a trigger gives the function.</summary>
    public static Value OfTrigger(object trigger) => trigger switch
    {
        TimerInfo timer => new Value { Json = TimerJson(timer) },
        _ => Of(trigger),
    };

    /// <summary>Any value of a trigger's metadata.</summary>
    public static Value Of(object value) => value switch
    {
        string text => new Value { Text = text },
        byte[] bytes => new Value { Raw = ByteString.CopyFrom(bytes) },
        // Numbers and times too: the worker reads metadata in no other form.
        _ => new Value { Json = JsonConvert.SerializeObject(value) },
    };

    /// <summary>The top-level fields of a text that holds a JSON object, as metadata: all but arrays. Null for any other text.</summary>
    public static IEnumerable<KeyValuePair<string, Value>>? FieldsOf(string text) => LooksLike(text, '{', '}') && TryParse(text) is JObject json
        ? json.Properties().Where(property => property.Value.Type is not (JTokenType.Array or JTokenType.Null)).Select(property => KeyValuePair.Create(
            property.Name,
            property.Value is JObject nested ? new Value { Json = nested.ToString(Formatting.None) } : new Value { Text = Scalar(property.Value) }))
        : null;

    /// <summary>The messages of an output: one for each element of an array, objects indented, everything else as it is.</summary>
    public static IEnumerable<byte[]> Messages(Value? value) => value?.KindCase switch
    {
        Value.KindOneofCase.Raw => [value.Raw.ToByteArray()],
        Value.KindOneofCase.Stream => [value.Stream.ToByteArray()],
        Value.KindOneofCase.Text => MessagesOf(value.Text),
        Value.KindOneofCase.Json => MessagesOf(value.Json),
        Value.KindOneofCase.Integer => [Encoding.UTF8.GetBytes(value.Integer.ToString(CultureInfo.InvariantCulture))],
        Value.KindOneofCase.Real => [Encoding.UTF8.GetBytes(value.Real.ToString(CultureInfo.InvariantCulture))],
        _ => [],
    };

    private static IEnumerable<byte[]> MessagesOf(string text)
    {
        var parsed = LooksLike(text, '{', '}') || LooksLike(text, '[', ']') || LooksLike(text, '"', '"') ? TryParse(text) : null;
        var elements = parsed switch
        {
            JArray array => array.Where(element => element.Type != JTokenType.Null).Select(Scalar),
            null => text is "null" or "" ? [] : [text],
            _ => [Scalar(parsed)],
        };
        return elements.Select(Encoding.UTF8.GetBytes);
    }

    private static string Scalar(JToken token) => token switch
    {
        JValue { Type: JTokenType.String } value => (string)value!,
        JValue value => value.ToString(Formatting.None),
        _ => token.ToString(Formatting.Indented),
    };

    private static JToken? TryParse(string text)
    {
        try
        {
            return JsonConvert.DeserializeObject<JToken>(text, Plain);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool LooksLike(string text, char first, char last)
    {
        var trimmed = text.AsSpan().Trim();
        return trimmed.Length > 1 && trimmed[0] == first && trimmed[^1] == last;
    }

    private static string TimerJson(TimerInfo timer) => JsonConvert.SerializeObject(new
    {
        Schedule = new { timer.Schedule?.AdjustForDST },
        ScheduleStatus = timer.ScheduleStatus is { } status ? new { status.Last, status.Next, status.LastUpdated } : null,
        timer.IsPastDue,
    });
}
