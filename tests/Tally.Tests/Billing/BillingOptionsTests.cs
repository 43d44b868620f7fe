using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Shouldly;
using Tally.Billing;
using Tally.Scheduling;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class BillingOptionsTests
{
    private static BillingOptions Read(params (string Name, string Value)[] settings) => new ServiceCollection()
        .AddBilling(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build())
        .BuildServiceProvider()
        .GetRequiredService<IOptions<BillingOptions>>().Value;

    [Fact]
    public void Without_settings_the_defaults_hold()
    {
        var options = Read();

        (options.NightlyHourUtc, options.NightlyDays).ShouldBe((3, 10));
        options.ThresholdPercents.ShouldBe([80, 100]);
        options.DefaultAllowances.ShouldBe(new Dictionary<int, int> { [2020] = 250_000, [2021] = 150_000, [2022] = 40_000 }, ignoreOrder: true);
        options.FindFaults(new TimeBox("functionTimeout", TimeSpan.FromMinutes(5))).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Billing:NightlyHourUtc", "24", "0 to 23")]
    [InlineData("Billing:NightlyDays", "0", "1 to 92")]
    [InlineData("Billing:StatementTimeout", "00:00:00", "00:00:01 to 00:10:00")]
    [InlineData("Billing:MaxRuntime", "00:01:30", "3 times Billing:StatementTimeout (00:01:30) must be shorter than")]
    [InlineData("Billing:ThresholdPercents:0", "0", "percentages from 1 to 1000")]
    [InlineData("Billing:DefaultAllowances:2024", "-1", "limits of 0 or more")]
    public void A_value_out_of_range_is_refused_by_its_name(string name, string value, string expected)
    {
        var refusal = Should.Throw<OptionsValidationException>(() => Read((name, value)));

        refusal.Message.ShouldContain(name[..name.LastIndexOf(':')] is "Billing" ? name : name[..name.LastIndexOf(':')]);
        refusal.Message.ShouldContain(expected);
    }

    [Fact]
    public void A_box_that_does_not_fit_the_function_timeout_is_found() =>
        new BillingOptions { MaxRuntime = TimeSpan.FromMinutes(4) }.FindFaults(new TimeBox("functionTimeout", TimeSpan.FromMinutes(5))).ShouldHaveSingleItem().ShouldContain("Billing:MaxRuntime");
}
