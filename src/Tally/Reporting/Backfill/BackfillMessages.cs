using System.Text.Json;
using System.Text.Json.Serialization;
using Tally.Reporting.Events;

namespace Tally.Reporting.Backfill;

/// <summary>A message of the queue <see cref="QueueNames.ReportingBackfills"/>: rebuild these days of the account.</summary>
public sealed record BackfillMessage
{
    /// <summary>Without one, the message's own id names the request.</summary>
    [JsonPropertyName("requestId")]
    public Guid? RequestId { get; init; }

    [JsonPropertyName("accountId")]
    public required long AccountId { get; init; }

    /// <summary>First day; by default the first event's.</summary>
    [JsonPropertyName("from")]
    public DateOnly? From { get; init; }

    /// <summary>Last day; by default yesterday, in the account's zone.</summary>
    [JsonPropertyName("to")]
    public DateOnly? To { get; init; }

    /// <exception cref="InvalidMessageException">The text is no such message; the message says what is wrong with it.</exception>
    internal static BackfillMessage Read(ReadOnlyMemory<byte> body, string messageId)
    {
        try
        {
            var message = MessageJson.Deserialize<BackfillMessage>(MessageText.Check(body).Span);
            return message.From > message.To
                ? throw new InvalidMessageException(messageId, $"'from' {message.From:yyyy-MM-dd} is after 'to' {message.To:yyyy-MM-dd}")
                : message;
        }
        catch (Exception exception) when (exception is JsonException or InvalidEventException)
        {
            throw new InvalidMessageException(messageId, exception.Message.TrimEnd('.'), exception);
        }
    }
}

/// <summary>A message of the queue <see cref="QueueNames.ReportingBackfillDays"/>: rebuild this day.</summary>
public sealed record BackfillDayMessage
{
    [JsonPropertyName("requestId")]
    public Guid? RequestId { get; init; }

    [JsonPropertyName("accountId")]
    public required long AccountId { get; init; }

    [JsonPropertyName("date")]
    public required DateOnly Date { get; init; }

    /// <exception cref="InvalidMessageException">The text is no such message; the message says what is wrong with it.</exception>
    internal static BackfillDayMessage Read(ReadOnlyMemory<byte> body, string messageId)
    {
        try
        {
            return MessageJson.Deserialize<BackfillDayMessage>(MessageText.Check(body).Span);
        }
        catch (Exception exception) when (exception is JsonException or InvalidEventException)
        {
            throw new InvalidMessageException(messageId, exception.Message.TrimEnd('.'), exception);
        }
    }
}
