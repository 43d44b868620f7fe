using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Tally.Cli.Shell;
using Xunit;

namespace Tally.Tests.Cli;

public sealed class PaceTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(365, 0, 120, 5, "120 of 365 days, 24 days/s, 0:10 left")]
    [InlineData(365, 300, 305, 5, "305 of 365 days, 1 days/s, 1:00 left")]
    [InlineData(20, 0, 1, 30, "1 of 20 days, 2 days/min, 9:30 left")]
    [InlineData(3, 0, 1, 7_200, "1 of 3 days, 0.5 days/h, 4:00:00 left")]
    [InlineData(0, 0, 12_400, 10, "12,400 days, 1,240 days/s, 0:10 so far")]
    [InlineData(365, 0, 0, 5, "0 of 365 days, 0:05 so far")]
    [InlineData(0, 0, 0, 75, "1:15 so far")]
    public void Progress_says_how_much_how_fast_and_how_long_still(double total, double begun, double done, int seconds, string text)
    {
        var pace = new Pace(total, "days", begun, _time);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        pace.Report(done);
        pace.Describe().ShouldBe(text);
    }
}
