using NodaTime;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Allowances;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class AllowanceTests(TestDatabase database) : BillingTest(database)
{
    private AllowanceBook Book => Get<AllowanceBook>();

    private async Task<string> LimitsAsync(Service service) => await ScalarAsync<string>(
        """
        SELECT coalesce(string_agg(financial_year_start || ':' || free_sms_fragment_limit, ' ' ORDER BY financial_year_start), '')
        FROM billing.annual_billing WHERE service_id = @id
        """, service);

    [Fact]
    public async Task A_limit_of_the_current_year_is_copied_to_later_years_that_have_one()
    {
        var service = await World.ServiceAsync();
        await World.LimitAsync(service, 2025, 1);

        await Book.SetAsync(service.Id, 9999, 2024, None);

        (await LimitsAsync(service)).ShouldBe("2024:9999 2025:9999");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_limit_of_a_past_year_changes_that_year_alone(bool hasOne)
    {
        var service = await World.ServiceAsync();
        if (hasOne) await World.LimitAsync(service, 2023, 5);
        await World.LimitAsync(service, 2024, 1);

        await Book.SetAsync(service.Id, 9999, 2023, None);

        (await LimitsAsync(service)).ShouldBe("2023:9999 2024:1");
    }

    [Fact]
    public async Task A_limit_is_overwritten()
    {
        var service = await World.ServiceAsync();
        await World.LimitAsync(service, 2024, 1);

        await Book.SetAsync(service.Id, 2, year: null, None);

        (await LimitsAsync(service)).ShouldBe("2024:2");
    }

    [Fact]
    public async Task A_missing_limit_reads_as_the_default_and_is_not_written()
    {
        Clock.Reset(Instant.FromUtc(2021, 4, 2, 0, 0));
        var (agreed, missing) = (await World.ServiceAsync(), await World.ServiceAsync());
        await World.LimitAsync(agreed, 2021, 11000);

        (await Book.GetAsync(agreed.Id, year: null, None)).ShouldBe(
            new Allowance { ServiceId = agreed.Id, FinancialYearStart = 2021, FreeSmsFragmentLimit = 11000, AllowanceMissing = false });
        (await Book.GetAsync(missing.Id, year: null, None)).ShouldBe(
            new Allowance { ServiceId = missing.Id, FinancialYearStart = 2021, FreeSmsFragmentLimit = 150000, AllowanceMissing = true });
        (await LimitsAsync(missing)).ShouldBe("");
    }

    [Fact]
    public async Task Only_years_that_exist_are_carried_forward()
    {
        var service = await World.ServiceAsync();
        await World.LimitAsync(service, 2023, 1);
        await World.LimitAsync(service, 2025, 3);
        await World.LimitAsync(service, 2026, 4);

        await Book.SetAsync(service.Id, 9999, 2024, None);

        (await LimitsAsync(service)).ShouldBe("2023:1 2024:9999 2025:9999 2026:9999");
    }

    [Theory]
    [InlineData(2021, 150000)]
    [InlineData(2020, 250000)]
    [InlineData(2019, 250000)]
    [InlineData(2022, 40000)]
    [InlineData(2023, 40000)]
    public async Task A_default_goes_into_the_row_of_its_own_year(int year, int limit)
    {
        var service = await World.ServiceAsync();

        (await Book.SetDefaultsAsync(year, None)).ShouldBe(1);

        (await LimitsAsync(service)).ShouldBe($"{year}:{limit}");
        (await Book.SetDefaultsAsync(year, None)).ShouldBe(0);
    }

    [Fact]
    public async Task Defaults_respect_a_zero_of_the_year_before_and_can_be_copied_on()
    {
        var (federal, zero, archived) = (await World.ServiceAsync(), await World.ServiceAsync(), await World.ServiceAsync(active: false));
        await World.LimitAsync(zero, 2021, 0);

        await Book.SetDefaultsAsync(2022, None);
        (await LimitsAsync(federal)).ShouldBe("2022:40000");
        (await LimitsAsync(zero)).ShouldBe("2021:0 2022:0");

        (await Book.CopyPreviousAsync(2023, None)).ShouldBe(2);
        (await LimitsAsync(federal)).ShouldBe("2022:40000 2023:40000");
        (await LimitsAsync(zero)).ShouldBe("2021:0 2022:0 2023:0");
        (await LimitsAsync(archived)).ShouldBe("");
    }

    [Fact]
    public async Task Copying_takes_the_latest_earlier_year_and_skips_who_never_had_one()
    {
        var (old, never, later) = (await World.ServiceAsync(), await World.ServiceAsync(), await World.ServiceAsync());
        await World.LimitAsync(old, 2019, 7);
        await World.LimitAsync(old, 2020, 8);
        await World.LimitAsync(later, 2030, 9);

        (await Book.CopyPreviousAsync(2024, None)).ShouldBe(1);

        (await LimitsAsync(old)).ShouldBe("2019:7 2020:8 2024:8");
        (await LimitsAsync(never)).ShouldBe("");
        (await LimitsAsync(later)).ShouldBe("2030:9");
    }

    [Fact]
    public async Task The_configured_defaults_replace_the_built_in_ones()
    {
        var service = await World.ServiceAsync();
        Worker(("Billing:DefaultAllowances:2024", "25"));

        await Book.SetDefaultsAsync(2030, None);

        (await LimitsAsync(service)).ShouldBe("2030:25");
    }

    [Fact]
    public async Task A_negative_limit_and_an_unknown_service_are_refused()
    {
        var service = await World.ServiceAsync();
        (await Should.ThrowAsync<BillingException>(() => Book.SetAsync(service.Id, -1, 2024, None))).Message.ShouldContain("-1");

        var unknown = Guid.NewGuid();
        (await Should.ThrowAsync<BillingException>(() => Book.SetAsync(unknown, 1, 2024, None))).Message.ShouldContain(unknown.ToString());
    }

    [Fact]
    public async Task Two_settings_of_one_limit_at_once_both_succeed()
    {
        var service = await World.ServiceAsync();

        await Task.WhenAll(Enumerable.Range(1, 8).Select(limit => Book.SetAsync(service.Id, limit, 2024, None)));

        (await ScalarAsync<long>("SELECT count(*) FROM billing.annual_billing")).ShouldBe(1);
    }
}
