using FsCheck.Xunit;
using NodaTime;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Months;
using Tally.Billing.Refresh;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;

namespace Tally.Tests.Billing;

/// <summary>Facts after any history equal what a fresh computation gives, and the corrections tell how they came to be so.</summary>
public sealed class RefreshPropertyTests(TestDatabase database) : BillingTest(database)
{
    private static readonly LocalDate[] Days = [new(2024, 5, 30), new(2024, 5, 31), new(2024, 6, 1)];
    private static readonly string[] Statuses = ["created", "sending", "sent", "delivered", "pending", "failed", "technical-failure", "permanent-failure"];
    private static readonly string?[] Providers = ["sns", "other", null];
    private static readonly decimal?[] Multipliers = [null, 0, 1, 1.5m, 3];
    private static readonly decimal[] Amounts = [0.01m, 0.0162m, 0.0200m, 0];

    private readonly List<ModelMessage> _messages = [];
    private readonly Dictionary<LocalDate, decimal> _rates = [];
    private Template[] _templates = [];

    [Property(MaxTest = 25, StartSize = 50, EndSize = 200)]
    public async Task Facts_after_any_history_equal_a_fresh_computation((byte Kind, byte What, byte How)[] before, (byte Kind, byte What, byte How)[] after)
    {
        await StartAsync();
        foreach (var (kind, what, how) in before) await StepAsync(kind, what, how);
        await RefreshAsync(Days);
        (await FactsAsync()).Select(ModelFact.Of).ShouldBe(RefreshModel.Facts(_messages, _rates), ignoreOrder: true);
        var settled = (await FactsAsync()).ToDictionary(Key, Values);

        var firstCorrection = await ScalarAsync<long>("SELECT coalesce(max(id), 0) FROM billing.corrections");
        foreach (var (kind, what, how) in after) await StepAsync(kind, what, how);
        await RefreshAsync(Days);

        var facts = await FactsAsync();
        facts.Select(ModelFact.Of).ShouldBe(RefreshModel.Facts(_messages, _rates), ignoreOrder: true);
        (await ScalarAsync<long>(World.MonthlyDifferences)).ShouldBe(0);
        (await RefreshAsync(Days)).ShouldAllBe(day => day.Inserted + day.Updated + day.Removed == 0);

        // The corrections lead from the settled facts to the present ones, step by step.
        foreach (var month in new YearMonth[] { new(2024, 5), new(2024, 6) })
            foreach (var correction in (await Get<Corrections>().ListAsync(month, null, provisional: true, None)).Where(correction => correction.Id > firstCorrection))
                Replay(settled, correction);
        settled.ShouldBe(facts.ToDictionary(Key, Values), ignoreOrder: true);
    }

    private async Task StartAsync()
    {
        await InitializeAsync();
        Clock.Reset(Instant.FromUtc(2024, 6, 15, 12, 0));
        _messages.Clear();
        _rates.Clear();
        await SetRateAsync(new LocalDate(2024, 1, 1), 0.01m);
        var services = new[] { await World.ServiceAsync(), await World.ServiceAsync() };
        _templates = [await World.TemplateAsync("sms", services[0]), await World.TemplateAsync("sms", services[1]), await World.TemplateAsync("email", services[1])];
    }

    private async Task StepAsync(byte kind, byte what, byte how)
    {
        var day = Days[what % Days.Length];
        Clock.AdvanceMinutes(1);
        if (kind % 12 <= 3 || _messages.Count == 0)
        {
            await SendAsync(what, how);
            return;
        }

        var message = _messages[what % _messages.Count];
        switch (kind % 12)
        {
            case 4:
                await ChangeAsync(message, changed => changed.Status = Statuses[how % Statuses.Length]);
                break;
            case 5:
                await ChangeAsync(message, changed => (changed.SentBy, changed.Multiplier) = (Providers[how % 3], Multipliers[how % 5]));
                break;
            case 6:
                await ChangeAsync(message, changed => changed.KeyType = how % 3 == 0 ? "test" : "normal");
                break;
            case 7:
                await ArchiveAsync(message, leaveLiveCopy: how % 2 == 0);
                break;
            case 8:
                await SetRateAsync(Days[how % Days.Length], Amounts[what % Amounts.Length]);
                break;
            case 9:
                await Task.WhenAll(RefreshAsync(day), RefreshAsync(day), RefreshAsync(Days));
                break;
            case 10:
                await KilledRefreshAsync(day);
                break;
            default:
                await Get<ManualRefresh>().RefreshAsync([day], [_templates[how % _templates.Length].Service.Id]);
                break;
        }
    }

    private async Task SendAsync(byte what, byte how)
    {
        var message = new ModelMessage
        {
            Id = Guid.NewGuid(),
            Template = _templates[what % _templates.Length],
            CreatedAt = Days[how % Days.Length].StartUtc() + Duration.FromMinutes(what * 5),
            Units = how % 4,
            Status = Statuses[(what + how) % Statuses.Length],
            SentBy = Providers[how % Providers.Length],
            Multiplier = Multipliers[what % Multipliers.Length],
            International = (what % 3) switch { 0 => null, 1 => true, _ => false },
        };
        await World.NotificationAsync(
            message.Template, message.Status, message.CreatedAt, message.KeyType, message.SentBy, message.Multiplier, message.International, message.Units, id: message.Id);
        _messages.Add(message);
    }

    /// <summary>Changes the copy that counts: the live one, or the archived one once the live one is gone.</summary>
    private async Task ChangeAsync(ModelMessage message, Action<ModelMessage> change)
    {
        change(message);
        const string columns = "SET notification_status = @status, key_type = @key_type, sent_by = @sent_by, rate_multiplier = @multiplier WHERE id = @id";
        var parameters = new { id = message.Id, status = message.Status, key_type = message.KeyType, sent_by = message.SentBy, multiplier = message.Multiplier };
        if (await ExecuteAsync($"UPDATE billing.notifications {columns}", parameters) == 0)
            await ExecuteAsync($"UPDATE billing.notification_history {columns}", parameters);
    }

    private Task<int> ArchiveAsync(ModelMessage message, bool leaveLiveCopy) => ExecuteAsync(
        $"""
        INSERT INTO billing.notification_history (id, service_id, template_id, key_type, billable_units, notification_type, created_at, sent_by,
            notification_status, international, rate_multiplier)
        SELECT id, service_id, template_id, key_type, billable_units, notification_type, created_at, sent_by, notification_status, international, rate_multiplier
        FROM billing.notifications WHERE id = @id
        ON CONFLICT (id) DO UPDATE SET notification_status = EXCLUDED.notification_status, key_type = EXCLUDED.key_type,
            sent_by = EXCLUDED.sent_by, rate_multiplier = EXCLUDED.rate_multiplier;
        {(leaveLiveCopy ? "" : "DELETE FROM billing.notifications WHERE id = @id")}
        """, message);

    private async Task SetRateAsync(LocalDate from, decimal rate)
    {
        _rates[from] = rate;
        await Get<Rates>().SetAsync("sms", rate, from.StartUtc(), None);
    }

    /// <summary>Everything is written, and then the transaction does not commit.</summary>
    private async Task KilledRefreshAsync(LocalDate day)
    {
        var run = (await Get<RefreshLog>().OpenAsync("manual", [day]))!.Value;
        await Should.ThrowAsync<LeaseLostException>(() => Get<FactRebuilder>().RunAsync(day, new RebuildRequest(run, null, false, new Lease("nobody", -1)), None));
    }

    private static (LocalDate, Guid, Guid, string, string, int, bool) Key(Fact fact) =>
        (fact.LocalDate, fact.TemplateId, fact.ServiceId, fact.NotificationType, fact.Provider, fact.RateMultiplier, fact.International);

    private static (decimal, long, long) Values(Fact fact) => (fact.Rate, fact.BillableUnits, fact.NotificationsSent);

    private static void Replay(Dictionary<(LocalDate, Guid, Guid, string, string, int, bool), (decimal, long, long)> facts, Correction correction)
    {
        var key = (correction.LocalDate, correction.TemplateId, correction.ServiceId, correction.NotificationType, correction.Provider, correction.RateMultiplier, correction.International);
        if (correction.RateFrom is { } rate) facts[key].ShouldBe((rate, correction.BillableUnitsFrom!.Value, correction.NotificationsSentFrom!.Value));
        else facts.ShouldNotContainKey(key);
        if (correction.RateTo is { } newRate) facts[key] = (newRate, correction.BillableUnitsTo!.Value, correction.NotificationsSentTo!.Value);
        else facts.Remove(key);
    }
}
