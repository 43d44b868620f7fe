using System.Diagnostics;
using System.Globalization;
using NodaTime;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Refresh;
using Tally.Billing.Reports;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

/// <summary>One test for each fault in how the system that billing follows made its facts, named after it.</summary>
public sealed class RefreshFaultsOfTheOriginalTests(TestDatabase database) : BillingTest(database)
{
    private static readonly LocalDate Day = new(2023, 5, 10);
    private static readonly Instant Then = Instant.FromUtc(2023, 5, 10, 10, 0);

    private Task RateAsync(decimal rate = 0.02m) => World.RateAsync(rate, Instant.FromUtc(2023, 1, 1, 0, 0));

    private async Task<Template> SendAsync(int messages)
    {
        var template = await World.TemplateAsync();
        for (var i = 0; i < messages; i++) await World.NotificationAsync(template, createdAt: Then);
        return template;
    }

    [Fact]
    public async Task A_rate_correction_rates_the_day_anew()
    {
        await RateAsync(0.01m);
        var template = await SendAsync(3);
        await RefreshAsync(Day);
        var created = (await FactsAsync()).Single().CreatedAt;

        await World.RateAsync(0.02m, Instant.FromUtc(2023, 5, 1, 0, 0));
        Clock.AdvanceHours(1);
        await RefreshAsync(Day);

        var fact = (await FactsAsync()).ShouldHaveSingleItem();
        (fact.Rate, fact.BillableUnits, fact.CreatedAt, fact.UpdatedAt).ShouldBe((0.02m, 3, created, Clock.GetCurrentInstant()));
        (await Get<ServiceUsage>().FetchTotalsAsync(template.Service.Id, 2023, None)).ShouldHaveSingleItem().Cost.ShouldBe(0.06m);
    }

    [Fact]
    public async Task A_day_that_was_billed_twice_before_is_billed_once_after_a_refresh()
    {
        await RateAsync(0.02m);
        var template = await SendAsync(3);
        foreach (var rate in new[] { 0.01m, 0.02m, 0.03m }) await World.FactAsync(Day, template, rate, units: 3, sent: 3, provider: "unknown");

        await RefreshAsync(Day);

        (await FactsAsync()).ShouldHaveSingleItem().Rate.ShouldBe(0.02m);
    }

    [Fact]
    public async Task Facts_without_messages_vanish()
    {
        await RateAsync();
        await SendAsync(3);
        await RefreshAsync(Day);

        await ExecuteAsync("UPDATE billing.notifications SET sent_by = 'sns'");
        await RefreshAsync(Day);
        (await FactsAsync()).Select(fact => (fact.Provider, fact.BillableUnits)).ShouldBe([("sns", 3)]);

        await ExecuteAsync("UPDATE billing.notifications SET notification_status = 'failed'");
        (await RefreshAsync(Day)).Single().Removed.ShouldBe(1);
        (await FactsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Emptying_a_day_is_committed_and_atomic()
    {
        await RateAsync();
        await SendAsync(3);
        await RefreshAsync(Day);

        await ExecuteAsync("UPDATE billing.notifications SET key_type = 'test'");
        var result = (await RefreshAsync(Day)).Single();

        (result.Removed, result.Kept).ShouldBe((1, 0));
        (await FactsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_rebuild_takes_live_messages_email_and_unsent_units_and_stops_before_midnight()
    {
        await RateAsync();
        await World.NotificationAsync(await World.TemplateAsync("sms"), createdAt: Then);
        await World.NotificationAsync(await World.TemplateAsync("email"), createdAt: Then, units: 0, history: true);
        await World.NotificationAsync(await World.TemplateAsync("sms"), createdAt: Then, units: 0, history: true);
        await World.NotificationAsync(await World.TemplateAsync("sms"), createdAt: Instant.FromUtc(2023, 5, 11, 0, 0), history: true);

        await RefreshAsync(Day);

        (await FactsAsync()).Select(fact => (fact.NotificationType, fact.BillableUnits)).ShouldBe([("sms", 1), ("email", 0), ("sms", 0)], ignoreOrder: true);
    }

    [Fact]
    public async Task The_number_of_statements_does_not_grow_with_the_services()
    {
        await RateAsync();
        await SendAsync(1);
        await RefreshAsync(Day);
        var few = await StatementsOfAsync(() => RefreshAsync(Day));
        for (var i = 0; i < 20; i++) await SendAsync(1);

        (await StatementsOfAsync(() => RefreshAsync(Day))).ShouldBe(few);
        few.ShouldBeGreaterThan(0);
    }

    private static async Task<int> StatementsOfAsync(Func<Task> action)
    {
        var statements = 0;
        var mine = new ActivitySource("test");
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Npgsql" or "test",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        using var root = mine.StartActivity("count")!;
        // Only what runs under this test's activity: other tests run at the same time.
        listener.ActivityStopped = activity =>
        {
            if (activity.Source.Name == "Npgsql" && activity.TraceId == root.TraceId) Interlocked.Increment(ref statements);
        };
        await action();
        return statements;
    }

    [Theory]
    [InlineData("notification_status = 'failed'", 1)]
    [InlineData("updated_at = now(), sent_by = 'other'", 1)]
    [InlineData("created_at = created_at - interval '1 day'", 1)]
    [InlineData("key_type = 'test'", 1)]
    [InlineData("template_version = 1", 1)]
    public async Task A_message_in_both_tables_counts_once_as_the_live_one_says(string archivedCopyDiffers, long expected)
    {
        await RateAsync();
        var template = await World.TemplateAsync();
        var id = await World.NotificationAsync(template, createdAt: Then, sentBy: "sns");
        await World.NotificationAsync(template, createdAt: Then, sentBy: "sns", history: true, id: id);
        await ExecuteAsync($"UPDATE billing.notification_history SET {archivedCopyDiffers}");

        await RefreshAsync(Day, Day.PlusDays(-1));

        (await FactsAsync()).Select(fact => (fact.LocalDate, fact.Provider, fact.NotificationsSent)).ShouldBe([(Day, "sns", expected)]);
        (await ScalarAsync<long>("SELECT count(*) FROM billing.notifications_all_time_view")).ShouldBe(1);
    }

    [Fact]
    public async Task Money_is_exact_and_keeps_its_scale()
    {
        await World.RateAsync(0.0162m, Instant.FromUtc(2023, 1, 1, 0, 0));
        var template = await SendAsync(3);
        await RefreshAsync(Day);
        // The same number at another scale is the same price.
        await ExecuteAsync("UPDATE billing.rates SET rate = 0.016200");
        (await RefreshAsync(Day)).Single().Updated.ShouldBe(0);

        var total = (await Get<ServiceUsage>().FetchTotalsAsync(template.Service.Id, 2023, None)).Single();

        total.Cost.ToString(CultureInfo.InvariantCulture).ShouldBe("0.0486");
        (await ScalarAsync<decimal>("SELECT sum(cost) FROM (SELECT 0.1 + 0.2 - 0.3 AS cost) exact")).ShouldBe(0m);
    }

    [Fact]
    public async Task A_missing_rate_is_said_and_nothing_is_written()
    {
        await SendAsync(1);
        await World.NotificationAsync(await World.TemplateAsync("email"), createdAt: Then);
        await World.RateAsync(0.02m, Instant.FromUtc(2023, 5, 10, 0, 0, 1));

        var failure = await Should.ThrowAsync<RefreshFailedException>(() => RefreshAsync(Day));

        failure.Message.ShouldStartWith("2023-05-10: SMS were sent, and no sms rate is in force at 00:00 UTC of that day");
        (await FactsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_purged_day_is_emptied_only_by_force()
    {
        await RateAsync();
        var purged = await SendAsync(2);
        var other = await SendAsync(1);
        await RefreshAsync(Day);
        await ExecuteAsync("DELETE FROM billing.notifications WHERE service_id = @id", purged.Service);

        (await RefreshAsync(Day)).Single().Kept.ShouldBe(1);
        (await FactsAsync()).Count.ShouldBe(2);
        await ExecuteAsync("DELETE FROM billing.notifications");
        (await RefreshAsync(Day)).Single().Kept.ShouldBe(2);
        (await FactsAsync()).Count.ShouldBe(2);

        (await Get<ManualRefresh>().RefreshAsync([Day], [other.Service.Id], force: true)).Single().Removed.ShouldBe(1);
        (await FactsAsync()).ShouldHaveSingleItem().ServiceId.ShouldBe(purged.Service.Id);
    }
}
