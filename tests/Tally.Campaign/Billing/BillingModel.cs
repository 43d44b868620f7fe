using NodaTime;

namespace Tally.Campaign.Billing;

/// <summary>What was set last.</summary>
internal sealed class RateBook
{
    /// <summary>The rate of a fragment from each day on.</summary>
    public Dictionary<LocalDate, decimal> Rates { get; } = [];

    /// <summary>The free fragments of each service this year.</summary>
    public Dictionary<Guid, int> Allowances { get; } = [];
}

/// <summary>What a fact is of.</summary>
internal sealed record Fact(LocalDate Day, Guid Template, Guid Service, string Type, string Provider, int Multiplier, bool International, decimal Rate);

/// <summary>The judge's own reading of what is billed, message by message, from what was sent and set.</summary>
internal static class BillingModel
{
    private static readonly string[] BilledSms = ["sending", "sent", "delivered", "pending", "temporary-failure", "permanent-failure"];
    private static readonly string[] CountedEmail = ["sending", "delivered", "temporary-failure", "permanent-failure"];

    /// <summary>Each fact with its units and messages.</summary>
    public static Dictionary<Fact, (long Units, long Sent)> Facts(IEnumerable<SentMessage> messages, IReadOnlyDictionary<LocalDate, decimal> ratesFrom)
    {
        var rates = ratesFrom.OrderBy(rate => rate.Key).ToList();
        var facts = new Dictionary<Fact, (long Units, long Sent)>();
        foreach (var one in messages.Where(one => one.KeyType != "test" && (one.IsSms ? BilledSms : CountedEmail).Contains(one.Status)))
        {
            var day = one.CreatedAt.InUtc().Date;
            var (template, service) = (SentMessages.TemplateId(one.Service, one.IsSms), SentMessages.ServiceId(one.Service));
            var fact = one.IsSms
                ? new Fact(day, template, service, "sms", one.Provider ?? "unknown", one.Multiplier, false, rates.Last(rate => rate.Key <= day).Value)
                : new Fact(day, template, service, "email", "ses", 0, false, 0);
            var (units, sent) = facts.GetValueOrDefault(fact);
            facts[fact] = (units + (one.IsSms ? one.Units : 0), sent + 1);
        }

        return facts;
    }

    /// <summary>Chargeable fragments of a year by service.</summary>
    public static Dictionary<Guid, long> Used(Dictionary<Fact, (long Units, long Sent)> facts, int year) => facts.Where(fact => fact.Key.Type == "sms" && fact.Key.Day.Year == year)
        .GroupBy(fact => fact.Key.Service).ToDictionary(service => service.Key, service => service.Sum(fact => fact.Value.Units * fact.Key.Multiplier));
}
