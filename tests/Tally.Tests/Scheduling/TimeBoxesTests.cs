using Shouldly;
using Tally.Scheduling;
using Xunit;

namespace Tally.Tests.Scheduling;

public sealed class TimeBoxesTests
{
    [Fact]
    public void Boxes_that_nest_have_no_misfit() => FindMisfit(10, 20, 180, 300).ShouldBeNull();

    [Theory]
    [InlineData(20, 20, 180, 300, "Statement (00:00:20)", "Pass (00:00:20)")]
    [InlineData(10, 180, 180, 300, "Pass (00:03:00)", "Run (00:03:00)")]
    [InlineData(10, 20, 400, 300, "Run (00:06:40)", "functionTimeout of host.json (00:05:00)")]
    public void A_misfit_names_both_lengths(int statement, int pass, int run, int functionTimeout, string first, string second)
    {
        var misfit = FindMisfit(statement, pass, run, functionTimeout).ShouldNotBeNull();

        misfit.ShouldContain(first);
        misfit.ShouldContain(second);
    }

    [Theory]
    [InlineData(269, true)]
    [InlineData(270, false)]
    public void A_run_leaves_room_for_one_pass_and_the_margin(int run, bool fits) =>
        (FindMisfit(10, 20, run, 300) is null).ShouldBe(fits);

    [Fact]
    public void An_unbounded_function_fits_any_run() =>
        TimeBoxes.FindMisfit(Box("Statement", 10), Box("Pass", 20), Box("Run", 86_400), new("functionTimeout", TimeSpan.MaxValue)).ShouldBeNull();

    private static string? FindMisfit(int statement, int pass, int run, int functionTimeout) =>
        TimeBoxes.FindMisfit(Box("Statement", statement), Box("Pass", pass), Box("Run", run), Box("functionTimeout of host.json", functionTimeout));

    private static TimeBox Box(string name, int seconds) => new(name, TimeSpan.FromSeconds(seconds));
}
