using Shouldly;
using Tally.Cli.Rollups;
using Xunit;

namespace Tally.Tests.Cli.Rollups;

public sealed class SeriesChartTests
{
    [Fact]
    public void The_highest_value_fills_the_height_and_the_smallest_can_be_seen()
    {
        var lines = SeriesChart.Draw([0, 0.001m, 4, 8], 80).Split(Environment.NewLine);
        lines.Length.ShouldBe(8);
        lines[0].ShouldBe("   █");
        lines[4].ShouldBe("  ██");
        lines[7].ShouldBe(" ▁██");
    }

    [Fact]
    public void A_series_wider_than_the_screen_is_drawn_by_means()
    {
        var lines = SeriesChart.Draw([.. Enumerable.Range(0, 365).Select(day => (decimal)(day / 183))], 11).Split(Environment.NewLine);
        lines.ShouldAllBe(line => line.Length <= 10);
        lines[0].ShouldBe("     ▆████");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Without_a_value_there_is_nothing_to_draw(int zeros) => SeriesChart.Draw([.. Enumerable.Repeat(0m, zeros)], 80).ShouldBe("");
}
