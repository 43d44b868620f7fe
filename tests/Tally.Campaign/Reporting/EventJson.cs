using System.Text;
using System.Text.Json;
using NodaTime.Text;
using Tally.Reporting.Events;

namespace Tally.Campaign.Reporting;

/// <summary>Events as producers write them.</summary>
internal static class EventJson
{
    /// <summary>A message: the event itself, or an array of several.</summary>
    public static byte[] Message(IReadOnlyList<ReportingEvent> events) => Encoding.UTF8.GetBytes(events.Count == 1 ? Text(Fields(events[0])) : $"[{string.Join(",", events.Select(one => Text(Fields(one))))}]");

    /// <summary>The fields of an event, each with its value as JSON.</summary>
    public static Dictionary<string, string> Fields(ReportingEvent one) => new (string Name, object? Value)[]
    {
        ("id", one.Id), ("accountId", one.AccountId), ("name", one.Name), ("value", one.Value), ("valueInBusinessHours", one.ValueInBusinessHours),
        ("userId", one.UserId), ("inboxId", one.InboxId), ("conversationId", one.ConversationId), ("createdAt", InstantPattern.ExtendedIso.Format(one.CreatedAt)),
    }.Where(field => field.Value is not null).ToDictionary(field => field.Name, field => JsonSerializer.Serialize(field.Value));

    public static string Text(IEnumerable<KeyValuePair<string, string>> fields) => $"{{{string.Join(",", fields.Select(field => $"\"{field.Key}\":{field.Value}"))}}}";
}
