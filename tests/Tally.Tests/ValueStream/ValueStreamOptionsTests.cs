using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Shouldly;
using Tally.Scheduling;
using Tally.ValueStream;
using Xunit;

namespace Tally.Tests.ValueStream;

public sealed class ValueStreamOptionsTests
{
    private static readonly TimeBox FunctionTimeout = new("functionTimeout of host.json", TimeSpan.FromMinutes(5));

    [Fact]
    public void The_defaults_are_valid_under_the_hosts_five_minutes() => new ValueStreamOptions().FindFaults(FunctionTimeout).ShouldBeEmpty();

    [Theory]
    [InlineData("NamespacePageSize", "0", "ValueStream:NamespacePageSize is 0. Expected 1 to 10000.")]
    [InlineData("CountCap", "1000001", "ValueStream:CountCap is 1000001. Expected 1 to 1000000.")]
    [InlineData("CountBatchSize", "0", "ValueStream:CountBatchSize is 0. Expected 1 to 1000000.")]
    [InlineData("TurnPages", "0", "ValueStream:TurnPages is 0. Expected 1 to 10000.")]
    [InlineData("MaxAttempts", "21", "ValueStream:MaxAttempts is 21. Expected 1 to 20.")]
    [InlineData("LastDaysOfMonth", "32", "ValueStream:LastDaysOfMonth is 32. Expected 0 to 31.")]
    [InlineData("MaxRuntime", "1.00:00:01", "ValueStream:MaxRuntime is 1.00:00:01. Expected 00:00:01 to 1.00:00:00.")]
    [InlineData("StatementTimeout", "00:00:00.009", "ValueStream:StatementTimeout is 00:00:00.0090000. Expected 00:00:00.0100000 to 00:10:00.")]
    [InlineData("LicensedPlans", " , ", "ValueStream:LicensedPlans names no plan. Name at least one, or set ValueStream:Licensed to false.")]
    public void A_value_out_of_range_is_refused_with_the_setting_and_its_range(string name, string value, string fault)
    {
        var options = new ConfigurationBuilder()
            .AddInMemoryCollection([new($"ValueStream:{name}", value)]).Build()
            .GetSection(ValueStreamOptions.Section).Get<ValueStreamOptions>()!;

        options.FindFaults(FunctionTimeout).ShouldContain(fault);
    }

    [Fact]
    public void A_box_that_does_not_fit_the_function_timeout_is_refused_with_both_numbers()
    {
        var fault = new ValueStreamOptions { MaxRuntime = TimeSpan.FromMinutes(6) }.FindFaults(FunctionTimeout).ShouldHaveSingleItem();

        fault.ShouldContain("ValueStream:MaxRuntime (00:06:00)");
        fault.ShouldContain("functionTimeout of host.json (00:05:00)");
    }

    [Fact]
    public void A_statement_timeout_that_does_not_fit_the_box_is_refused_with_both_numbers()
    {
        var fault = new ValueStreamOptions { StatementTimeout = TimeSpan.FromSeconds(90) }.FindFaults(FunctionTimeout).ShouldHaveSingleItem();

        fault.ShouldContain("2 times ValueStream:StatementTimeout (00:03:00)");
        fault.ShouldContain("ValueStream:MaxRuntime (00:03:00)");
    }

    [Fact]
    public void A_misfit_stops_the_host_at_its_start()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ValueStream:MaxRuntime", "23:00:00")]).Build();
        using var services = new ServiceCollection().AddValueStream(configuration).BuildServiceProvider();

        Should.Throw<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate())
            .Message.ShouldContain("ValueStream:MaxRuntime (23:00:00)");
    }
}
