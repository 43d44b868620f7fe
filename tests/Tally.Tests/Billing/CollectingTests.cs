using NodaTime;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Refresh;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class CollectingTests(TestDatabase database) : BillingTest(database)
{
    private static readonly LocalDate Today = new(2024, 6, 15);

    private Task<IReadOnlyList<BillingData>> CollectAsync(LocalDate? day = null, Service? service = null, bool checkPermissions = false) =>
        Get<BillingDataReader>().FetchAsync(day ?? Today, service?.Id, checkPermissions, None);

    [Fact]
    public async Task Test_messages_are_free()
    {
        var template = await World.TemplateAsync("email");
        foreach (var keyType in new[] { "normal", "test", "team" }) await World.NotificationAsync(template, keyType: keyType);

        (await CollectAsync()).ShouldHaveSingleItem().NotificationsSent.ShouldBe(2);
    }

    [Theory]
    [InlineData("email", true, 1)]
    [InlineData("sms", true, 1)]
    [InlineData("email", false, 2)]
    [InlineData("sms", false, 2)]
    public async Task Only_permitted_types_are_collected_if_permissions_are_asked_for(string permission, bool checkPermissions, int rows)
    {
        var service = await World.ServiceAsync(permissions: [permission]);
        await World.NotificationAsync(await World.TemplateAsync("email", service));
        await World.NotificationAsync(await World.TemplateAsync("sms", service));

        var collected = await CollectAsync(checkPermissions: checkPermissions);

        collected.Count.ShouldBe(rows);
        if (checkPermissions) collected[0].NotificationType.ShouldBe(permission);
    }

    [Fact]
    public async Task A_day_is_UTC()
    {
        var template = await World.TemplateAsync("email");
        foreach (var at in new[] { Instant.FromUtc(2018, 4, 1, 13, 30), Instant.FromUtc(2018, 4, 1, 4, 23, 23), Instant.FromUtc(2018, 4, 1, 0, 23, 23) })
            await World.NotificationAsync(template, createdAt: at);
        await World.NotificationAsync(template, "sending", Instant.FromUtc(2018, 4, 2, 13, 30));

        (await CollectAsync(new LocalDate(2018, 4, 1))).ShouldHaveSingleItem().NotificationsSent.ShouldBe(3);
    }

    [Fact]
    public async Task Types_are_apart_and_sms_comes_first()
    {
        var service = await World.ServiceAsync();
        var (sms, email) = (await World.TemplateAsync("sms", service), await World.TemplateAsync("email", service));
        for (var i = 0; i < 3; i++) await World.NotificationAsync(sms);
        for (var i = 0; i < 2; i++) await World.NotificationAsync(email);

        (await CollectAsync()).Select(row => (row.NotificationType, row.NotificationsSent)).ShouldBe([("sms", 3), ("email", 2)]);
    }

    [Fact]
    public async Task Services_are_apart_and_one_can_be_asked_for()
    {
        var (first, second) = (await World.TemplateAsync(), await World.TemplateAsync());
        await World.NotificationAsync(first);
        await World.NotificationAsync(second);

        (await CollectAsync()).Select(row => row.NotificationsSent).ShouldBe([1, 1]);
        (await CollectAsync(service: first.Service)).ShouldHaveSingleItem().ServiceId.ShouldBe(first.Service.Id);
    }

    [Fact]
    public async Task One_price_group_is_one_row()
    {
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, sentBy: "sns");
        await World.NotificationAsync(template, sentBy: "sns");

        (await CollectAsync()).ShouldHaveSingleItem().NotificationsSent.ShouldBe(2);
    }

    [Fact]
    public async Task Multipliers_are_apart()
    {
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, multiplier: 1);
        await World.NotificationAsync(template, multiplier: 2);

        (await CollectAsync()).Select(row => (row.RateMultiplier, row.NotificationsSent)).ShouldBe([(1, 1), (2, 1)]);
    }

    [Fact]
    public async Task International_messages_are_apart()
    {
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, international: true);
        await World.NotificationAsync(template, international: false);

        (await CollectAsync()).Select(row => (row.International, row.NotificationsSent)).ShouldBe([(false, 1), (true, 1)]);
    }

    [Fact]
    public async Task Nothing_sent_is_nothing_collected() => (await CollectAsync()).ShouldBeEmpty();

    [Fact]
    public async Task Live_and_archived_messages_are_both_collected()
    {
        var service = await World.ServiceAsync();
        var fiveDaysAgo = Clock.GetCurrentInstant() - Duration.FromDays(5);
        await World.NotificationAsync(await World.TemplateAsync("sms", service), createdAt: fiveDaysAgo);
        await World.NotificationAsync(await World.TemplateAsync("email", service), createdAt: fiveDaysAgo, history: true);

        (await CollectAsync(Today.PlusDays(-5), service)).Select(row => (row.NotificationType, row.NotificationsSent)).ShouldBe([("sms", 1), ("email", 1)]);
    }

    [Fact]
    public async Task Six_statuses_bill_an_sms_and_four_count_an_email()
    {
        string[] statuses =
        [
            "cancelled", "created", "sending", "sent", "delivered", "pending", "failed", "technical-failure", "temporary-failure",
            "permanent-failure", "pending-virus-check", "validation-failed", "virus-scan-failed",
        ];
        var service = await World.ServiceAsync();
        foreach (var type in new[] { "sms", "email" })
        {
            var template = await World.TemplateAsync(type, service);
            foreach (var status in statuses) await World.NotificationAsync(template, status);
        }

        (await CollectAsync()).Select(row => (row.NotificationType, row.NotificationsSent)).ShouldBe([("sms", 6), ("email", 4)]);
    }

    [Fact]
    public async Task A_day_ends_before_midnight()
    {
        var template = await World.TemplateAsync();
        var midnight = Instant.FromUtc(2023, 5, 10, 0, 0);
        var microsecond = Duration.FromNanoseconds(1000);
        foreach (var at in new[] { midnight - microsecond, midnight, midnight + Duration.FromDays(1) - microsecond, midnight + Duration.FromDays(1) })
            await World.NotificationAsync(template, createdAt: at);

        var sent = new List<long>();
        for (var day = 9; day <= 11; day++) sent.Add((await CollectAsync(new LocalDate(2023, 5, day))).ShouldHaveSingleItem().NotificationsSent);
        sent.ShouldBe([1, 2, 1]);
    }

    [Fact]
    public async Task Multipliers_round_half_away_from_zero_and_gaps_have_defaults()
    {
        var template = await World.TemplateAsync();
        foreach (var multiplier in new decimal?[] { null, 0, 0.4m, 0.5m, 1, 1.5m, 2.5m, 3 }) await World.NotificationAsync(template, multiplier: multiplier);
        await World.NotificationAsync(template, international: null);

        var collected = await CollectAsync();

        collected.Select(row => (row.RateMultiplier, row.BillableUnits, row.NotificationsSent)).ShouldBe([(0, 2, 2), (1, 4, 4), (2, 1, 1), (3, 2, 2)]);
        collected.ShouldAllBe(row => row.SentBy == "unknown" && !row.International);
    }

    [Fact]
    public async Task Of_email_only_the_number_counts()
    {
        var template = await World.TemplateAsync("email");
        await World.NotificationAsync(template, sentBy: "weird", international: true, multiplier: 7, units: 5);

        await RefreshAsync(Today);

        var fact = (await FactsAsync()).ShouldHaveSingleItem();
        (fact.Provider, fact.RateMultiplier, fact.International, fact.Rate, fact.BillableUnits, fact.NotificationsSent, fact.UpdatedAt)
            .ShouldBe(("ses", 0, false, 0, 0, 1, null));
    }

    [Fact]
    public async Task A_message_without_service_bills_nobody_and_one_without_template_bills_the_nil_template()
    {
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template);
        await World.NotificationAsync(template);
        await ExecuteAsync("UPDATE billing.notifications SET template_id = NULL");
        await ExecuteAsync("UPDATE billing.notifications SET service_id = NULL WHERE id = (SELECT id FROM billing.notifications LIMIT 1)");

        var row = (await CollectAsync()).ShouldHaveSingleItem();

        (row.TemplateId, row.NotificationsSent).ShouldBe((Guid.Empty, 1));
    }
}
