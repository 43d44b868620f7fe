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

    /// <summary>What a trigger gives the function, or any value of its metadata.</summary>
    public static Value Of(object value) => value switch
    {
        string text => new Value { Text = text },
        byte[] bytes => new Value { Raw = ByteString.CopyFrom(bytes) },
        TimerInfo timer => Of(new
        {
            Schedule = new { timer.Schedule?.AdjustForDST },
            ScheduleStatus = timer.ScheduleStatus is { } status ? new { status.Last, status.Next, status.LastUpdated } : null,
            timer.IsPastDue,
        }),
        // Numbers and times too: the worker reads metadata in no other form.
        _ => new Value { Json = JsonConvert.SerializeObject(value) },
    };

    /// <summary>The top-level fields of a text that holds a JSON object, as metadata: all but arrays. None of any other text.</summary>
    public static IEnumerable<KeyValuePair<string, Value>> FieldsOf(string text) =>
        from property in (Parse(text) as JObject)?.Properties() ?? []
        where property.Value.Type is not (JTokenType.Array or JTokenType.Null)
        select KeyValuePair.Create(property.Name, property.Value is JObject nested ? new Value { Json = nested.ToString(Formatting.None) } : new Value { Text = TextOf(property.Value) });

    /// <summary>The messages of an output: one for each element of an array, objects indented, everything else as it is.</summary>
    public static IEnumerable<byte[]> Messages(Value? value) => value?.KindCase switch
    {
        Value.KindOneofCase.Raw => [value.Raw.ToByteArray()],
        Value.KindOneofCase.Text => TextsOf(value.Text).Select(Encoding.UTF8.GetBytes),
        Value.KindOneofCase.Json => TextsOf(value.Json).Select(Encoding.UTF8.GetBytes),
        _ => [],
    };

    private static IEnumerable<string> TextsOf(string text) => Parse(text) switch
    {
        JArray array => array.Where(element => element.Type != JTokenType.Null).Select(TextOf),
        null => text is "null" or "" ? [] : [text],
        var one => [TextOf(one)],
    };

    private static string TextOf(JToken token) => token switch
    {
        JValue { Type: JTokenType.String } value => (string)value!,
        JValue value => value.ToString(Formatting.None),
        _ => token.ToString(Formatting.Indented),
    };

    // Null for what is no JSON object, array or text in quotes.
    private static JToken? Parse(string text)
    {
        var trimmed = text.AsSpan().Trim();
        if (trimmed.Length < 2 || (trimmed[0], trimmed[^1]) is not (('{', '}') or ('[', ']') or ('"', '"'))) return null;
        try
        {
            return JsonConvert.DeserializeObject<JToken>(text, Plain);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
