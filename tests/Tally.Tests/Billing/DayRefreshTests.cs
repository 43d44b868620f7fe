using NodaTime;
using Shouldly;
using Tally.Billing.Refresh;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class DayRefreshTests(TestDatabase database) : BillingTest(database)
{
    private static readonly LocalDate Yesterday = new(2024, 6, 14);
    private static readonly Instant Then = Instant.FromUtc(2024, 6, 14, 10, 0);

    private Task SmsRateAsync() => World.RateAsync(1.33m, Instant.FromUtc(2010, 1, 1, 0, 0));

    [Fact]
    public async Task Live_and_archived_messages_make_one_fact()
    {
        await SmsRateAsync();
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, "sending", Then);
        await World.NotificationAsync(template, "delivered", Then, history: true);

        await RefreshAsync(Yesterday);

        var fact = (await FactsAsync()).ShouldHaveSingleItem();
        (fact.NotificationType, fact.NotificationsSent, fact.Rate, fact.LocalDate).ShouldBe(("sms", 2, 1.33m, Yesterday));
    }

    [Theory]
    [InlineData(1, 1, "2x1")]
    [InlineData(1, 2, "1x1 1x2")]
    public async Task A_multiplier_makes_a_fact_of_its_own(int first, int second, string facts)
    {
        await SmsRateAsync();
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, createdAt: Then, sentBy: "sns", multiplier: first);
        await World.NotificationAsync(template, createdAt: Then, sentBy: "sns", multiplier: second);

        await RefreshAsync(Yesterday);

        string.Join(' ', (await FactsAsync()).Select(fact => $"{fact.BillableUnits}x{fact.RateMultiplier}")).ShouldBe(facts);
        (await FactsAsync()).ShouldAllBe(fact => fact.Rate == 1.33m && fact.LocalDate == Yesterday);
    }

    [Fact]
    public async Task Email_is_a_fact_without_price()
    {
        await SmsRateAsync();
        var service = await World.ServiceAsync();
        await World.NotificationAsync(await World.TemplateAsync("sms", service), createdAt: Then, multiplier: 1);
        await World.NotificationAsync(await World.TemplateAsync("email", service), createdAt: Then, multiplier: 0, units: 0);

        await RefreshAsync(Yesterday);

        (await FactsAsync()).OrderBy(fact => fact.RateMultiplier).Select(fact => (fact.RateMultiplier, fact.BillableUnits, fact.Rate)).ShouldBe([(0, 0, 0m), (1, 1, 1.33m)]);
    }

    [Fact]
    public async Task Messages_of_one_provider_are_one_fact_and_no_provider_is_unknown()
    {
        await SmsRateAsync();
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, createdAt: Then, sentBy: "sns");
        await World.NotificationAsync(template, createdAt: Then, sentBy: "sns");
        await World.NotificationAsync(template, createdAt: Then);

        await RefreshAsync(Yesterday);

        (await FactsAsync()).Select(fact => (fact.Provider, fact.BillableUnits, fact.RateMultiplier)).ShouldBe([("sns", 2, 1), ("unknown", 1, 1)]);
    }

    [Fact]
    public async Task Only_the_days_own_messages_count()
    {
        await SmsRateAsync();
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, createdAt: Instant.FromUtc(2018, 3, 26, 4, 1), units: 1);
        await World.NotificationAsync(template, createdAt: Instant.FromUtc(2018, 3, 25, 23, 59), units: 2);
        await World.NotificationAsync(template, createdAt: Instant.FromUtc(2018, 3, 24, 23, 59), units: 4);

        await RefreshAsync(new LocalDate(2018, 3, 25));

        (await FactsAsync()).ShouldHaveSingleItem().BillableUnits.ShouldBe(2);
    }

    [Fact]
    public async Task A_growing_fact_is_updated_in_place()
    {
        await SmsRateAsync();
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, createdAt: Then);
        await RefreshAsync(Yesterday);
        var before = (await FactsAsync()).ShouldHaveSingleItem();
        (before.BillableUnits, before.UpdatedAt).ShouldBe((1, null));

        Clock.AdvanceHours(1);
        await World.NotificationAsync(template, createdAt: Then);
        await RefreshAsync(Yesterday);

        var after = (await FactsAsync()).ShouldHaveSingleItem();
        (after.BillableUnits, after.UpdatedAt, after.CreatedAt).ShouldBe((2, Clock.GetCurrentInstant(), before.CreatedAt));
    }

    [Fact]
    public async Task An_unchanged_day_writes_no_row()
    {
        await SmsRateAsync();
        for (var i = 0; i < 3; i++) await World.NotificationAsync(await World.TemplateAsync(), createdAt: Then, multiplier: i);
        (await RefreshAsync(Yesterday)).ShouldHaveSingleItem().Inserted.ShouldBe(3);
        var before = await WrittenRowsAsync();

        var again = (await RefreshAsync(Yesterday)).ShouldHaveSingleItem();

        (again.Inserted, again.Updated, again.Removed).ShouldBe((0, 0, 0));
        (await WrittenRowsAsync()).ShouldBe(before);

        // A row's place and writer change with every write, even one that changes nothing.
        Task<string> WrittenRowsAsync() => ScalarAsync<string>("""
            SELECT (SELECT string_agg(ctid || ' ' || xmin, ',' ORDER BY ctid) FROM billing.ft_billing) || ' / '
                || (SELECT string_agg(ctid || ' ' || xmin, ',' ORDER BY ctid) FROM billing.ft_billing_monthly) || ' / '
                || (SELECT count(*) FROM billing.corrections) || ' / ' || (SELECT string_agg(xmin::text, ',') FROM billing.settled_days)
            """);
    }

    [Fact]
    public async Task A_refresh_of_one_service_leaves_the_others_alone()
    {
        await SmsRateAsync();
        var (mine, other) = (await World.TemplateAsync(), await World.TemplateAsync());
        foreach (var template in new[] { mine, other }) await World.NotificationAsync(template, createdAt: Then);

        await Get<ManualRefresh>().RefreshAsync([Yesterday], [mine.Service.Id]);

        (await FactsAsync()).ShouldHaveSingleItem().ServiceId.ShouldBe(mine.Service.Id);
        (await ScalarAsync<long>("SELECT count(*) FROM billing.settled_days")).ShouldBe(0);
    }

    [Fact]
    public async Task The_monthly_sums_equal_the_facts_whoever_writes_them()
    {
        var template = await World.TemplateAsync();
        for (var day = 28; day <= 31; day++) await World.FactAsync(new LocalDate(2024, 1, day), template, 0.01m, units: day, sent: 2, multiplier: 3);
        await World.FactAsync(new LocalDate(2024, 2, 1), template, 0.01m, units: 1);
        await ShouldBeEqualAsync(months: 2);

        await ExecuteAsync("UPDATE billing.ft_billing SET billable_units = billable_units + 5, rate = 0.02 WHERE local_date > '2024-01-30'");
        await ShouldBeEqualAsync(months: 3);

        await ExecuteAsync("UPDATE billing.ft_billing SET local_date = local_date + 100 WHERE local_date = '2024-01-28'");
        await ExecuteAsync("DELETE FROM billing.ft_billing WHERE local_date < '2024-02-01'");
        await ShouldBeEqualAsync(months: 2);

        await ExecuteAsync("TRUNCATE billing.ft_billing");
        await ShouldBeEqualAsync(months: 0);

        async Task ShouldBeEqualAsync(int months)
        {
            (await ScalarAsync<long>("SELECT count(*) FROM billing.ft_billing_monthly")).ShouldBe(months);
            (await ScalarAsync<long>(World.MonthlyDifferences)).ShouldBe(0);
        }
    }

    [Theory]
    [InlineData("billing.notifications_all_time_view WHERE created_at >= '2024-06-14' AND created_at < '2024-06-15'")]
    [InlineData("billing.notifications_all_time_view WHERE created_at >= '2024-06-14' AND created_at < '2024-06-15' AND service_id = '11111111-1111-1111-1111-111111111111'")]
    [InlineData("billing.ft_billing WHERE local_date = '2024-06-14'")]
    [InlineData("billing.ft_billing WHERE service_id = '11111111-1111-1111-1111-111111111111' AND local_date >= '2024-01-01'")]
    public async Task A_day_is_read_by_index(string source)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        // Empty tables are always scanned whole if that is allowed; what is asked here is whether an index fits.
        await using var off = new Npgsql.NpgsqlCommand("SET LOCAL enable_seqscan = off", connection, transaction);
        await off.ExecuteNonQueryAsync();
        var plan = string.Join('\n', await Dapper.SqlMapper.QueryAsync<string>(connection, $"EXPLAIN SELECT * FROM {source}", transaction: transaction));

        plan.ShouldNotContain("Seq Scan");
        plan.ShouldContain("Index Cond");
    }
}
