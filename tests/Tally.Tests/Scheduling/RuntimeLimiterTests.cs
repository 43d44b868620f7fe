using Shouldly;
using Tally.Scheduling;
using Xunit;

namespace Tally.Tests.Scheduling;

public sealed class RuntimeLimiterTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Time_is_up_at_exactly_the_length_of_the_box()
    {
        var limiter = new RuntimeLimiter(TimeSpan.FromSeconds(180), _time);

        _time.Elapsed = TimeSpan.FromSeconds(180) - TimeSpan.FromTicks(1);
        limiter.IsOverTime().ShouldBeFalse();
        _time.Elapsed = TimeSpan.FromSeconds(180);
        limiter.IsOverTime().ShouldBeTrue();
    }

    [Fact]
    public void The_box_opens_on_construction()
    {
        _time.Elapsed = TimeSpan.FromHours(1);
        var limiter = new RuntimeLimiter(TimeSpan.FromSeconds(1), _time);

        limiter.IsOverTime().ShouldBeFalse();
    }

    [Fact]
    public void A_corrected_wall_clock_changes_nothing()
    {
        var limiter = new RuntimeLimiter(TimeSpan.FromSeconds(180), _time);

        _time.WallClock += TimeSpan.FromDays(1);

        limiter.IsOverTime().ShouldBeFalse();
    }

    [Fact]
    public void An_empty_box_is_over_at_once() => new RuntimeLimiter(TimeSpan.Zero, _time).IsOverTime().ShouldBeTrue();

    [Fact]
    public void A_negative_box_is_refused() =>
        Should.Throw<ArgumentOutOfRangeException>(() => new RuntimeLimiter(TimeSpan.FromTicks(-1), _time));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Over_after_k_checks_answers_so(int checks)
    {
        var limiter = RuntimeLimiter.OverAfter(checks);

        Enumerable.Range(0, checks + 2).Select(_ => limiter.IsOverTime()).ShouldBe(
            [.. Enumerable.Repeat(false, checks), true, true]);
    }

    [Fact]
    public void The_latest_answer_is_remembered()
    {
        var limiter = RuntimeLimiter.OverAfter(1);

        limiter.WasOverTime.ShouldBeFalse();
        limiter.IsOverTime();
        limiter.WasOverTime.ShouldBeFalse();
        limiter.IsOverTime();
        limiter.WasOverTime.ShouldBeTrue();
    }

    private sealed class ManualTime : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public DateTimeOffset WallClock { get; set; } = DateTimeOffset.UnixEpoch;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;

        public override DateTimeOffset GetUtcNow() => WallClock;
    }
}
