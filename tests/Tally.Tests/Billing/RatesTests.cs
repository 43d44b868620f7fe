using NodaTime;
using Shouldly;
using Tally.Billing;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class RatesTests(TestDatabase database) : BillingTest(database)
{
    private Task<decimal> RateOnAsync(int year, int month, int day, string type = "sms") => Get<Rates>().GetAsync(type, new LocalDate(year, month, day), None);

    [Fact]
    public async Task All_rates_are_listed_latest_first()
    {
        await World.RateAsync(12, Instant.FromUtc(2024, 1, 1, 0, 0), "email");
        await World.RateAsync(22, Instant.FromUtc(2024, 1, 2, 0, 0));
        await World.RateAsync(33, Instant.FromUtc(2024, 1, 3, 0, 0), "email");

        (await Get<Rates>().ListAsync(None)).Select(rate => rate.Rate).ShouldBe([33, 22, 12]);
    }

    [Fact]
    public async Task The_rate_is_that_of_the_type()
    {
        var from = Instant.FromUtc(2017, 5, 30, 23, 0);
        await World.RateAsync(1.2m, from, "email");
        await World.RateAsync(2.2m, from);

        (await RateOnAsync(2017, 6, 1)).ShouldBe(2.2m);
    }

    [Fact]
    public async Task A_rate_that_starts_within_a_day_applies_from_the_next()
    {
        await World.RateAsync(1.2m, Instant.FromUtc(2016, 1, 1, 0, 0));
        await World.RateAsync(2.2m, Instant.FromUtc(2018, 9, 30, 23, 0));

        (await RateOnAsync(2018, 9, 30)).ShouldBe(1.2m);
        (await RateOnAsync(2018, 10, 1)).ShouldBe(2.2m);
    }

    [Fact]
    public async Task Email_costs_nothing_whatever_the_table_says()
    {
        await World.RateAsync(0.15m, Instant.FromUtc(2017, 12, 1, 0, 0));
        await World.RateAsync(7, Instant.FromUtc(2017, 12, 1, 0, 0), "email");

        (await RateOnAsync(2018, 1, 1)).ShouldBe(0.15m);
        (await RateOnAsync(2018, 1, 1, "email")).ShouldBe(0);
    }

    [Fact]
    public async Task A_day_needs_a_rate_at_its_first_instant()
    {
        await World.RateAsync(0.02m, Instant.FromUtc(2023, 5, 10, 0, 0, 1));
        (await RateOnAsync(2023, 5, 10, "email")).ShouldBe(0);
        (await Should.ThrowAsync<MissingRateException>(() => RateOnAsync(2023, 5, 10))).Day.ShouldBe(new LocalDate(2023, 5, 10));

        await World.RateAsync(0.03m, Instant.FromUtc(2023, 5, 10, 0, 0));

        (await RateOnAsync(2023, 5, 10)).ShouldBe(0.03m);
        (await RateOnAsync(2023, 5, 11)).ShouldBe(0.02m);
    }

    [Fact]
    public async Task Setting_a_rate_twice_for_one_instant_keeps_the_later_one()
    {
        var from = Instant.FromUtc(2024, 1, 1, 0, 0);
        await Get<Rates>().SetAsync("sms", 0.01m, from, None);
        (await Get<Rates>().SetAsync("sms", 0.0200m, from, None)).ValidFrom.ShouldBe(from);

        (await Get<Rates>().ListAsync(None)).ShouldHaveSingleItem().Rate.ToString(System.Globalization.CultureInfo.InvariantCulture).ShouldBe("0.0200");
    }

    [Theory]
    [InlineData("fax", "1", "'fax' is no notification type")]
    [InlineData("sms", "-0.01", "-0.01 is out of range")]
    [InlineData("sms", "100000", "100000 is out of range")]
    [InlineData("sms", "0.00000000001", "at most 10 decimals")]
    public async Task A_rate_that_cannot_be_meant_is_refused(string type, string rate, string complaint)
    {
        var amount = decimal.Parse(rate, System.Globalization.CultureInfo.InvariantCulture);

        var refusal = await Should.ThrowAsync<BillingException>(() => Get<Rates>().SetAsync(type, amount, Instant.FromUtc(2024, 1, 1, 0, 0), None));

        refusal.Message.ShouldContain(complaint);
        (await Get<Rates>().ListAsync(None)).ShouldBeEmpty();
    }
}
