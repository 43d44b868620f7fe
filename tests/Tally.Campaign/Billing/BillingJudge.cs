using Dapper;
using NodaTime;
using Npgsql;
using Tally.Database;

namespace Tally.Campaign.Billing;

/// <summary>Holds the facts, their monthly sums and the alerts against what was sent and set.</summary>
/// <param name="settings">The campaign's.</param>
/// <param name="messages">What was sent.</param>
/// <param name="book">What was set.</param>
internal sealed class BillingJudge(CampaignSettings settings, IReadOnlyList<SentMessage> messages, RateBook book)
{
    private static readonly int[] Percents = [80, 100];

    private readonly Dictionary<Fact, (long Units, long Sent)> _expected = BillingModel.Facts(messages, book.Rates);

    /// <summary>Judges the database, and the alerts that came to their queue.</summary>
    public async Task JudgeAsync(string database, IReadOnlyList<Guid> delivered, Verdict verdict, CancellationToken cancellationToken)
    {
        await using var source = TallyDataSource.Create(database);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await JudgeFactsAsync(connection, verdict);
        await JudgeMonthsAsync(connection, verdict);
        await JudgeAlertsAsync(connection, delivered, verdict);
    }

    private async Task JudgeFactsAsync(NpgsqlConnection connection, Verdict verdict)
    {
        var found = (await connection.QueryAsync<FactRow>("SELECT * FROM billing.ft_billing")).ToDictionary(row => row.Fact, row => (row.BillableUnits, row.NotificationsSent));
        verdict.Count("facts", found.Count, $"{found.Values.Sum(fact => fact.BillableUnits):#,0} fragments, {found.Values.Sum(fact => fact.NotificationsSent):#,0} messages");
        verdict.MustBeNone("lost", [.. _expected.Where(fact => found.GetValueOrDefault(fact.Key).NotificationsSent < fact.Value.Sent).Select(fact => Describe(fact.Key, found))]);
        verdict.MustBeNone("doubled", [.. found.Where(fact => fact.Value.NotificationsSent > _expected.GetValueOrDefault(fact.Key).Sent).Select(fact => Describe(fact.Key, found))]);
        verdict.MustBeNone("drift", [.. _expected.Keys.Union(found.Keys).Where(fact => found.GetValueOrDefault(fact) != _expected.GetValueOrDefault(fact)).Select(fact => Describe(fact, found))], "facts that are not what was sent");
    }

    private async Task JudgeMonthsAsync(NpgsqlConnection connection, Verdict verdict)
    {
        var expected = _expected.GroupBy(fact => (fact.Key.Service, Month: fact.Key.Day.With(DateAdjusters.StartOfMonth), fact.Key.Type, fact.Key.Rate))
            .ToDictionary(month => month.Key, month => (month.Sum(fact => fact.Value.Sent), month.Sum(fact => fact.Value.Units * fact.Key.Multiplier)));
        var found = (await connection.QueryAsync<(Guid Service, LocalDate Month, string Type, decimal Rate, long Sent, long Chargeable)>(
            "SELECT service_id, month, notification_type, trim_scale(rate), notifications_sent, chargeable_units FROM billing.ft_billing_monthly"))
            .ToDictionary(row => (row.Service, row.Month, row.Type, row.Rate), row => (row.Sent, row.Chargeable));
        verdict.Count("sums of months", found.Count);
        verdict.MustBeNone("sums of months that are not their facts'", [.. expected.Keys.Union(found.Keys).Where(key => expected.GetValueOrDefault(key) != found.GetValueOrDefault(key))
            .Select(key => $"{key}: {expected.GetValueOrDefault(key)} expected, {found.GetValueOrDefault(key)} found.")]);
    }

    /// <summary>What was reached is on record, what is on record is in the queue at least once, and nothing else is.</summary>
    private async Task JudgeAlertsAsync(NpgsqlConnection connection, IReadOnlyList<Guid> delivered, Verdict verdict)
    {
        var recorded = (await connection.QueryAsync<(Guid Id, Guid Service, int Percent, int Limit)>("SELECT id, service_id, percent, free_sms_fragment_limit FROM billing.usage_thresholds")).ToList();
        var used = BillingModel.Used(_expected, settings.Day.Year);
        var reached = book.Allowances.Where(allowance => allowance.Value > 0).SelectMany(allowance => Percents
            .Where(percent => used.GetValueOrDefault(allowance.Key) * 100 >= (long)allowance.Value * percent).Select(percent => (Service: allowance.Key, Percent: percent, Limit: allowance.Value))).ToList();
        verdict.Count("alerts delivered", delivered.Distinct().Count(), $"{delivered.Count - delivered.Distinct().Count()} of them twice, under the same id");
        verdict.MustBeNone("alerts not delivered", [.. recorded.Where(row => !delivered.Contains(row.Id)).Select(row => $"{row}")]);
        verdict.MustBeNone("alerts of nothing", [.. delivered.Except(recorded.Select(row => row.Id)).Select(id => $"{id}")]);
        verdict.MustBeNone("thresholds reached and not told", [.. reached.Except(recorded.Select(row => (row.Service, row.Percent, row.Limit))).Select(row => $"{row}: {used.GetValueOrDefault(row.Service)} fragments are used.")]);
    }

    private string Describe(Fact fact, Dictionary<Fact, (long, long)> found) =>
        $"{fact}: {_expected.GetValueOrDefault(fact)} expected, {found.GetValueOrDefault(fact)} found; of the same price group are expected {string.Join(", ", _expected.Where(other => other.Key with { Rate = 0 } == fact with { Rate = 0 }))}.";

    private sealed record FactRow
    {
        public LocalDate LocalDate { get; init; }

        public Guid TemplateId { get; init; }

        public Guid ServiceId { get; init; }

        public string NotificationType { get; init; } = "";

        public string Provider { get; init; } = "";

        public int RateMultiplier { get; init; }

        public bool International { get; init; }

        public decimal Rate { get; init; }

        public long BillableUnits { get; init; }

        public long NotificationsSent { get; init; }

        public Fact Fact => new(LocalDate, TemplateId, ServiceId, NotificationType, Provider, RateMultiplier, International, Rate);
    }
}
