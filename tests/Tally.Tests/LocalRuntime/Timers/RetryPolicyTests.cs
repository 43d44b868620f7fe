using LocalRuntime.Timers;
using Microsoft.Azure.Functions.Worker;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Timers;

public sealed class RetryPolicyTests
{
    [Fact]
    public void A_fixed_delay_stays_and_its_count_is_kept()
    {
        var policy = RetryPolicy.From(new FixedDelayRetryAttribute(2, "00:00:10"));

        Enumerable.Range(0, 3).Select(policy.Delay).ShouldAllBe(delay => delay == TimeSpan.FromSeconds(10));
        Enumerable.Range(0, 4).Select(policy.Allows).ShouldBe([true, true, false, false]);
    }

    [Fact]
    public void Exponential_delays_double_up_to_the_maximum()
    {
        var policy = RetryPolicy.From(new ExponentialBackoffRetryAttribute(-1, "00:00:04", "00:00:30"));

        Enumerable.Range(0, 5).Select(retry => policy.Delay(retry).TotalSeconds).ShouldBe([4, 8, 16, 30, 30]);
        policy.Delay(int.MaxValue).ShouldBe(TimeSpan.FromSeconds(30));
        policy.Allows(int.MaxValue).ShouldBeTrue();
    }

    [Fact]
    public void Attributes_refuse_what_the_worker_refuses()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new FixedDelayRetryAttribute(1, "soon"));
        Should.Throw<ArgumentOutOfRangeException>(() => new FixedDelayRetryAttribute(1, "-00:00:01"));
        Should.Throw<ArgumentException>(() => new ExponentialBackoffRetryAttribute(1, "00:01:00", "00:00:30"));
    }
}
