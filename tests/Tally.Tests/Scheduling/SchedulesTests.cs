using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Tally.Tests.Scheduling;

public sealed class SchedulesTests
{
    public static IEnumerable<object[]> Renamed => Schedules.Renamed.Select(pair => new object[] { pair.Key, pair.Value });

    [Theory]
    [MemberData(nameof(Renamed))]
    public void A_schedule_under_a_name_that_no_timer_reads_is_refused_with_its_name(string old, string name)
    {
        var refused = Should.Throw<InvalidOperationException>(() => AddTally(old, "0 0 4 * * *"));

        refused.Message.ShouldContain(old);
        refused.Message.ShouldContain($"Set {name} to '0 0 4 * * *'");
    }

    [Theory]
    [MemberData(nameof(Renamed))]
    public void A_schedule_under_its_name_is_taken(string old, string name)
    {
        old.ShouldNotBe(name);
        Should.NotThrow(() => AddTally(name, "0 0 4 * * *"));
    }

    [Fact]
    public void No_schedule_setting_has_a_colon()
    {
        Schedules.Defaults.Keys.ShouldAllBe(name => !name.Contains(':', StringComparison.Ordinal) && !name.Contains("__", StringComparison.Ordinal));
        Schedules.Renamed.Values.ShouldBeSubsetOf(Schedules.Defaults.Keys);
    }

    private static void AddTally(string name, string value) =>
        new ServiceCollection().AddTally(new ConfigurationBuilder().AddInMemoryCollection([new(name, value)]).Build());
}
