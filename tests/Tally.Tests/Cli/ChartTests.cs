using Shouldly;
using Tally.Cli.Shell.Output;
using Xunit;

namespace Tally.Tests.Cli;

public sealed class ChartTests
{
    [Fact]
    public void The_highest_value_fills_the_height_and_the_smallest_can_be_seen()
    {
        var lines = Charts.Columns([0, 0.001m, 4, 8], 80).Split(Environment.NewLine);
        lines.Length.ShouldBe(8);
        lines[0].ShouldBe("   █");
        lines[4].ShouldBe("  ██");
        lines[7].ShouldBe(" ▁██");
    }

    [Fact]
    public void A_series_wider_than_the_screen_is_drawn_by_means()
    {
        var lines = Charts.Columns([.. Enumerable.Range(0, 365).Select(day => (decimal)(day / 183))], 11).Split(Environment.NewLine);
        lines.ShouldAllBe(line => line.Length <= 10);
        lines[0].ShouldBe("     ▆████");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Without_a_value_there_is_nothing_to_draw(int zeros) => Charts.Columns([.. Enumerable.Repeat(0m, zeros)], 80).ShouldBe("");

    [Fact]
    public void The_longest_bar_fills_the_width_and_its_light_part_comes_last()
    {
        var lines = Charts.Bars([new("2026-01", 60, 40), new("2026-02", 0.5m), new("2026-03", 0), new("2026-04", 0, 1_000)], 36).Split(Environment.NewLine);
        lines.ShouldBe(
        [
            $"2026-01   100 {new string('█', 1)}{new string('░', 1)}",
            "2026-02   0.5 █",
            "2026-03     0 ",
            $"2026-04 1,000 {new string('░', 21)}",
        ]);
        lines.ShouldAllBe(line => line.Length < 36);
    }

    [Fact]
    public void Bars_beyond_the_twentieth_are_counted_and_long_names_are_cut()
    {
        var lines = Charts.Bars([.. Enumerable.Range(1, 23).Select(number => new Bar(new string('n', 40), number))], 80).Split(Environment.NewLine);
        lines.Length.ShouldBe(21);
        lines[20].ShouldBe("... and 3 more.");
        lines[0].ShouldStartWith(new string('n', 31) + "… ");
    }

    [Fact]
    public void Bars_of_nothing_are_not_drawn() => Charts.Bars([new("2026-01", 0)], 80).ShouldBe("");
}
