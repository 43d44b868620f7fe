using NodaTime;

namespace Tally.Tests.Billing;

/// <summary>A message as the property test knows it. Its archived copy, if it has one, is a stale picture of it.</summary>
internal sealed class ModelMessage
{
    public required Guid Id { get; init; }
    public required Template Template { get; init; }
    public required Instant CreatedAt { get; init; }
    public required int Units { get; init; }
    public string Status { get; set; } = "delivered";
    public string KeyType { get; set; } = "normal";
    public string? SentBy { get; set; }
    public decimal? Multiplier { get; set; }
    public bool? International { get; set; }
}

/// <summary>A fact without what only the database knows.</summary>
internal sealed record ModelFact(
    LocalDate Day, Guid Template, Guid Service, string Type, string Provider, int Multiplier, bool International, decimal Rate, long Units, long Sent)
{
    public static ModelFact Of(Fact fact) => new(
        fact.LocalDate, fact.TemplateId, fact.ServiceId, fact.NotificationType, fact.Provider, fact.RateMultiplier, fact.International,
        decimal.Parse(fact.Rate.ToString("0.##########", null), null), fact.BillableUnits, fact.NotificationsSent);
}

/// <summary>What the facts must be, worked out message by message, without SQL.</summary>
internal static class RefreshModel
{
    private static readonly string[] BilledSms = ["sending", "sent", "delivered", "pending", "temporary-failure", "permanent-failure"];
    private static readonly string[] CountedEmail = ["sending", "delivered", "temporary-failure", "permanent-failure"];

    public static HashSet<ModelFact> Facts(IEnumerable<ModelMessage> messages, IReadOnlyDictionary<LocalDate, decimal> ratesByFirstDay)
    {
        var facts = new Dictionary<ModelFact, (long Units, long Sent)>();
        foreach (var message in messages)
        {
            if (message.KeyType == "test") continue;
            var isSms = message.Template.Type == "sms";
            if (!(isSms ? BilledSms : CountedEmail).Contains(message.Status)) continue;

            var day = message.CreatedAt.InUtc().Date;
            var key = isSms
                ? new ModelFact(
                    day, message.Template.Id, message.Template.Service.Id, "sms", message.SentBy ?? "unknown",
                    (int)Math.Round(message.Multiplier ?? 1, MidpointRounding.AwayFromZero), message.International ?? false,
                    ratesByFirstDay.Where(rate => rate.Key <= day).MaxBy(rate => rate.Key).Value, 0, 0)
                : new ModelFact(day, message.Template.Id, message.Template.Service.Id, "email", "ses", 0, false, 0, 0, 0);
            var (units, sent) = facts.GetValueOrDefault(key);
            facts[key] = (units + (isSms ? message.Units : 0), sent + 1);
        }

        return [.. facts.Select(fact => fact.Key with { Units = fact.Value.Units, Sent = fact.Value.Sent })];
    }
}
