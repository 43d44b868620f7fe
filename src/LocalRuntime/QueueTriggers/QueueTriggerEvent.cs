using System.Collections.ObjectModel;
using System.Globalization;
using System.Text.Json;
using LocalRuntime.Invocation;
using LocalRuntime.Queues;

namespace LocalRuntime.QueueTriggers;

/// <summary>A message as what starts an invocation.</summary>
internal static class QueueTriggerEvent
{
    public static TriggerEvent From(QueueMessage message, string queueName) => new()
    {
        Reason = $"New queue message detected on '{queueName}'.",
        Details = $"MessageId: {message.Id}, DequeueCount: {message.DequeueCount}, InsertedOn: {message.InsertedOn:O}",
        Value = message.Body,
        Metadata = () => Metadata(message),
    };

    /// <summary>A text that came through the admin endpoint, as if it were a message.</summary>
    public static TriggerEvent FromText(string text, DateTimeOffset now)
    {
        var message = new QueueMessage
        {
            Id = Guid.NewGuid().ToString(),
            RawText = text,
            Body = BinaryData.FromString(text),
            IsDecodable = true,
            InsertedOn = now,
            ExpiresOn = now,
            DequeueCount = 1,
        };
        return new TriggerEvent
        {
            Reason = "Called through the admin endpoint.",
            Value = message.Body,
            Metadata = () => Metadata(message),
        };
    }

    // Texts as they are and everything else as JSON: what the host hands to a worker.
    private static ReadOnlyDictionary<string, object?> Metadata(QueueMessage message)
    {
        var data = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase)
        {
            ["QueueTrigger"] = message.Text,
            ["Id"] = message.Id,
            ["PopReceipt"] = message.PopReceipt,
            ["DequeueCount"] = message.DequeueCount.ToString(CultureInfo.InvariantCulture),
            ["InsertionTime"] = JsonSerializer.Serialize(message.InsertedOn),
            ["ExpirationTime"] = JsonSerializer.Serialize(message.ExpiresOn),
            ["NextVisibleTime"] = JsonSerializer.Serialize(message.NextVisibleOn),
        };
        foreach (var (name, value) in TopLevelValues(message.Body)) data.TryAdd(name, value);
        return new ReadOnlyDictionary<string, object?>(data);
    }

    private static IReadOnlyList<(string Name, string? Value)> TopLevelValues(BinaryData body)
    {
        if (body.ToMemory().Span is not [(byte)'{', ..]) return [];
        try
        {
            using var document = JsonDocument.Parse(body.ToMemory());
            return
            [
                .. from property in document.RootElement.EnumerateObject()
                   where property.Value.ValueKind != JsonValueKind.Array
                   select (property.Name, property.Value.ValueKind switch
                   {
                       JsonValueKind.Null => null,
                       JsonValueKind.String => property.Value.GetString(),
                       _ => property.Value.GetRawText(),
                   }),
            ];
        }
        catch (JsonException)
        {
            // A body need not be JSON; if the function wants it to be, binding its parameter fails with a reason.
            return [];
        }
    }
}
