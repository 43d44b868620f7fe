using NodaTime;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Months;
using Tally.Billing.Refresh;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class ClosedMonthTests(TestDatabase database) : BillingTest(database)
{
    private static readonly YearMonth May = new(2024, 5);
    private static readonly LocalDate Day = new(2024, 5, 10);
    private static readonly Instant Then = Instant.FromUtc(2024, 5, 10, 10, 0);

    private Template _template = null!;

    private async Task BillAsync(int messages = 3)
    {
        await World.RateAsync(0.01m, Instant.FromUtc(2024, 1, 1, 0, 0));
        _template = await World.TemplateAsync();
        for (var i = 0; i < messages; i++) await World.NotificationAsync(_template, createdAt: Then, sentBy: "sns");
        await RefreshAsync(Day);
    }

    private async Task<IReadOnlyList<Correction>> CorrectionsAsync()
    {
        var all = await Get<Corrections>().ListAsync(May, serviceId: null, provisional: true, None);
        var real = all.Where(correction => !correction.Provisional).ToList();
        var sums = await Get<Corrections>().SumAsync(May, serviceId: null, None);
        (sums.Count, sums.Provisional, sums.Held).ShouldBe((real.Count, all.Count - real.Count, real.Count(correction => correction.State == "held")));
        sums.Applied.ShouldBe(real.Where(correction => correction.State == "applied").Sum(correction => correction.GrossCostChange));
        sums.HeldCost.ShouldBe(real.Where(correction => correction.State == "held").Sum(correction => correction.GrossCostChange));
        return all;
    }

    private async Task<string> StatesAsync() => string.Join(' ', (await CorrectionsAsync()).Select(correction => correction.State));

    [Fact]
    public async Task Every_change_of_a_fact_is_recorded_with_its_refresh()
    {
        await BillAsync();
        (await CorrectionsAsync()).ShouldBeEmpty("facts that are new are not corrections");

        await ExecuteAsync("UPDATE billing.rates SET rate = 0.02");
        await World.NotificationAsync(_template, createdAt: Then, sentBy: "sns");
        Clock.AdvanceHours(1);
        await RefreshAsync(Day);

        var changed = (await CorrectionsAsync()).ShouldHaveSingleItem();
        (changed.RateFrom, changed.RateTo, changed.BillableUnitsFrom, changed.BillableUnitsTo, changed.NotificationsSentFrom, changed.NotificationsSentTo, changed.GrossCostChange)
            .ShouldBe((0.01m, 0.02m, 3, 4, 3, 4, 0.05m));
        (changed.State, changed.Provisional, changed.RecordedAt, changed.LocalDate).ShouldBe(("applied", false, Clock.GetCurrentInstant(), Day));
        (await ScalarAsync<long>("SELECT count(*) FROM billing.refresh_runs WHERE id = @run_id AND kind = 'manual'", new { run_id = changed.RunId })).ShouldBe(1);

        await ExecuteAsync("UPDATE billing.notifications SET sent_by = 'other'");
        await RefreshAsync(Day);

        (await CorrectionsAsync()).Skip(1).OrderBy(correction => correction.Provider).Select(correction => (correction.Provider, correction.BillableUnitsFrom, correction.BillableUnitsTo))
            .ShouldBe([("other", null, 4), ("sns", 4, null)]);
    }

    [Fact]
    public async Task Growth_of_a_running_day_is_told_apart_from_corrections()
    {
        Clock.Reset(Then);
        await BillAsync(messages: 1);
        await World.NotificationAsync(_template, createdAt: Then, sentBy: "sns");
        await RefreshAsync(Day);
        Clock.AdvanceDays(1);
        await World.NotificationAsync(_template, createdAt: Then, sentBy: "sns");
        await World.NotificationAsync(_template, createdAt: Then, sentBy: "late");
        await RefreshAsync(Day);
        (await CorrectionsAsync()).Select(correction => correction.Provisional).ShouldBe([true, true]);
        (await Get<Corrections>().ListAsync(May, serviceId: null, provisional: false, None)).ShouldBeEmpty();

        await World.NotificationAsync(_template, createdAt: Then, sentBy: "sns");
        await World.NotificationAsync(_template, createdAt: Then, sentBy: "later");
        await RefreshAsync(Day);

        (await Get<Corrections>().ListAsync(May, _template.Service.Id, provisional: false, None)).Select(correction => (correction.Provider, correction.NotificationsSentFrom, correction.NotificationsSentTo))
            .ShouldBe([("sns", 3, 4), ("later", null, 1)], ignoreOrder: true);
        (await Get<Corrections>().ListAsync(May, Guid.NewGuid(), provisional: true, None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_fact_of_today_that_vanishes_and_returns_is_recorded_both_times()
    {
        Clock.Reset(Then);
        await BillAsync(messages: 1);

        await ExecuteAsync("UPDATE billing.notifications SET notification_status = 'failed'");
        await World.NotificationAsync(_template, createdAt: Then, sentBy: "first");
        await RefreshAsync(Day);
        await ExecuteAsync("UPDATE billing.notifications SET notification_status = 'delivered'");
        await RefreshAsync(Day);

        (await CorrectionsAsync()).Select(correction => (correction.Provider, correction.NotificationsSentFrom, correction.NotificationsSentTo, correction.Provisional))
            .ShouldBe([("sns", 1, null, true), ("sns", null, 1, true)], ignoreOrder: true);
    }

    [Fact]
    public async Task A_closed_month_holds_changes_and_records_each_once()
    {
        await BillAsync();
        (await Get<ClosedMonths>().CloseAsync(May, None)).ShouldBeTrue();
        (await Get<ClosedMonths>().CloseAsync(May, None)).ShouldBeFalse();
        await ExecuteAsync("UPDATE billing.notifications SET sent_by = 'other'");

        var first = (await RefreshAsync(Day)).Single();
        var again = (await RefreshAsync(Day)).Single();

        (first.Held, first.Inserted, first.Removed, first.IsApplied()).ShouldBe((2, 0, 0, false));
        again.Held.ShouldBe(2);
        (await FactsAsync()).ShouldHaveSingleItem().Provider.ShouldBe("sns");
        (await StatesAsync()).ShouldBe("held held");
    }

    [Fact]
    public async Task Force_does_not_open_a_closed_month()
    {
        await BillAsync();
        await Get<ClosedMonths>().CloseAsync(May, None);
        await ExecuteAsync("UPDATE billing.notifications SET sent_by = 'other'");

        await Get<ManualRefresh>().RefreshAsync([Day], force: true);

        (await FactsAsync()).ShouldHaveSingleItem().Provider.ShouldBe("sns");
    }

    [Fact]
    public async Task A_held_change_that_is_overtaken_is_superseded()
    {
        await BillAsync();
        await Get<ClosedMonths>().CloseAsync(May, None);
        await World.NotificationAsync(_template, createdAt: Then, sentBy: "sns");
        await RefreshAsync(Day);
        await World.NotificationAsync(_template, createdAt: Then, sentBy: "sns");
        await RefreshAsync(Day);
        (await StatesAsync()).ShouldBe("superseded held");

        await ExecuteAsync("DELETE FROM billing.notifications WHERE id NOT IN (SELECT id FROM billing.notifications ORDER BY id LIMIT 3)");
        (await RefreshAsync(Day)).Single().Held.ShouldBe(0);

        (await StatesAsync()).ShouldBe("superseded superseded");
    }

    [Fact]
    public async Task Reopening_applies_what_was_held_even_if_the_messages_are_gone()
    {
        await BillAsync();
        await Get<ClosedMonths>().CloseAsync(May, None);
        await ExecuteAsync("UPDATE billing.rates SET rate = 0.02");
        await World.NotificationAsync(_template, createdAt: Then, sentBy: "other");
        await RefreshAsync(Day);
        await ExecuteAsync("DELETE FROM billing.notifications");
        (await RefreshAsync(Day)).Single().Kept.ShouldBe(1);

        (await Get<ClosedMonths>().ReopenAsync(May, None)).ShouldBe(2);

        (await FactsAsync()).Select(fact => (fact.Provider, fact.Rate, fact.BillableUnits)).ShouldBe([("other", 0.02m, 1), ("sns", 0.02m, 3)]);
        (await StatesAsync()).ShouldBe("applied applied");
        (await ScalarAsync<long>(World.MonthlyDifferences)).ShouldBe(0);
        (await Get<ClosedMonths>().ReopenAsync(May, None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_reopened_month_changes_again_and_can_be_closed_again()
    {
        await BillAsync();
        await Get<ClosedMonths>().CloseAsync(May, None);
        (await Get<ClosedMonths>().ReopenAsync(May, None)).ShouldBe(0);
        await ExecuteAsync("UPDATE billing.notifications SET sent_by = 'other'");
        (await RefreshAsync(Day)).Single().IsApplied().ShouldBeTrue();
        Clock.AdvanceHours(1);

        (await Get<ClosedMonths>().CloseAsync(May, None)).ShouldBeTrue();

        (await ScalarAsync<long>("SELECT count(*) FROM billing.closed_months")).ShouldBe(2);
    }

    [Fact]
    public async Task A_month_that_is_not_over_cannot_be_closed()
    {
        Clock.Reset(Instant.FromUtc(2024, 5, 31, 23, 59));
        (await Should.ThrowAsync<BillingException>(() => Get<ClosedMonths>().CloseAsync(May, None))).Message.ShouldStartWith("2024-05 is not over.");

        Clock.Reset(Instant.FromUtc(2024, 6, 1, 0, 0));
        (await Get<ClosedMonths>().CloseAsync(May, None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Other_months_stay_open()
    {
        await BillAsync();
        await Get<ClosedMonths>().CloseAsync(new YearMonth(2024, 4), None);
        await ExecuteAsync("UPDATE billing.notifications SET sent_by = 'other'");

        (await RefreshAsync(Day)).Single().IsApplied().ShouldBeTrue();
    }
}
