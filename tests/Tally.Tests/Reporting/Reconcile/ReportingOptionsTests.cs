using Shouldly;
using Tally.Reporting;
using Tally.Scheduling;
using Xunit;

namespace Tally.Tests.Reporting.Reconcile;

public sealed class ReportingOptionsTests
{
    private static readonly TimeBox FiveMinutes = new("functionTimeout of host.json", TimeSpan.FromMinutes(5));

    [Fact]
    public void The_defaults_fit_the_function_timeout() => new ReportingOptions().FindFaults(FiveMinutes).ShouldBeEmpty();

    [Theory]
    [InlineData("ReconcileDays", "0")]
    [InlineData("ReconcileDays", "32")]
    [InlineData("ResendAfter", "00:09:59")]
    [InlineData("RetentionDays", "-1")]
    [InlineData("PurgedEventDays", "7")]
    [InlineData("StatementTimeout", "00:00:00.5")]
    public void A_value_out_of_range_is_named_with_its_range(string setting, string value)
    {
        var options = new ReportingOptions();
        var property = typeof(ReportingOptions).GetProperty(setting)!;
        property.SetValue(options, property.PropertyType == typeof(int) ? int.Parse(value, System.Globalization.CultureInfo.InvariantCulture) : TimeSpan.Parse(value, System.Globalization.CultureInfo.InvariantCulture));
        options.FindFaults(FiveMinutes).ShouldHaveSingleItem().ShouldStartWith($"Reporting:{setting} is ");
    }

    [Fact]
    public void A_box_that_does_not_fit_the_function_timeout_is_refused() =>
        new ReportingOptions { MaxRuntime = TimeSpan.FromMinutes(4) }.FindFaults(FiveMinutes).ShouldHaveSingleItem().ShouldContain("Reporting:MaxRuntime (00:04:00) does not fit into functionTimeout");
}
