using Shouldly;
using Tally.Dashboard.Pages;
using Xunit;

namespace Tally.Tests.Dashboard;

/// <summary>Axes and figures.</summary>
public sealed class PageTests
{
    [Theory]
    [InlineData(0, false, new[] { 0.0, 1 })]
    [InlineData(3, false, new[] { 0.0, 1, 2, 3 })]
    [InlineData(9_697, false, new[] { 0.0, 2_000, 4_000, 6_000, 8_000, 10_000 })]
    [InlineData(0.7, false, new[] { 0.0, 0.2, 0.4, 0.6, 0.8 })]
    [InlineData(13_000, true, new[] { 0.0, 3_600, 7_200, 10_800, 14_400 })]
    [InlineData(50, true, new[] { 0.0, 10, 20, 30, 40, 50 })]
    public void An_axis_has_round_values_up_to_the_highest(decimal highest, bool isTime, double[] ticks) =>
        Scale.For(highest, isTime).Ticks.ShouldBe(ticks.Select(tick => (decimal)tick));

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(99_999)]
    [InlineData(1e12)]
    public void Whatever_is_highest_fits_an_axis_of_a_few_steps(decimal highest)
    {
        foreach (var isTime in (bool[])[false, true])
        {
            var scale = Scale.For(highest, isTime);
            scale.Top.ShouldBeGreaterThanOrEqualTo(highest);
            scale.Ticks.Count.ShouldBeInRange(2, 7);
        }
    }

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(45.25, "45.3 s")]
    [InlineData(750, "12 min 30 s")]
    [InlineData(3_600, "1 h")]
    [InlineData(18_720, "5 h 12 min")]
    [InlineData(273_600, "3 d 4 h")]
    [InlineData(-90, "-1 min 30 s")]
    public void Seconds_are_read_in_the_units_that_matter(decimal seconds, string text) => Text.Seconds(seconds).ShouldBe(text);
}
