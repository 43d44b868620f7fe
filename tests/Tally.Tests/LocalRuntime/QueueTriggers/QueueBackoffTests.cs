using LocalRuntime.QueueTriggers;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.QueueTriggers;

public sealed class QueueBackoffTests
{
    private const double NoScatter = 0.5;
    private static readonly QueueBackoff Start = new(QueueBackoff.HostMinimum, TimeSpan.FromSeconds(2));

    [Fact]
    public void Pauses_double_from_the_minimum_to_the_maximum() =>
        Pauses(Start, 8, NoScatter).ShouldBe([100, 200, 300, 500, 900, 1700, 2000, 2000]);

    [Fact]
    public void A_message_resets_the_pause_and_the_next_empty_look_begins_to_double_again()
    {
        var idle = Enumerable.Range(0, 20).Aggregate(Start, (backoff, _) => backoff.Next(found: false, NoScatter));

        var afterMessage = idle.Next(found: true, NoScatter);

        afterMessage.Pause.TotalMilliseconds.ShouldBe(100);
        Pauses(afterMessage, 3, NoScatter).ShouldBe([200, 300, 500]);
    }

    [Fact]
    public void Increments_scatter_by_a_fifth()
    {
        Pauses(Start, 4, jitter: 0).ShouldBe([100, 180, 260, 420]);
        Pauses(Start, 4, jitter: 1).ShouldBe([100, 220, 340, 580]);
    }

    [Fact]
    public void A_maximum_at_the_minimum_never_pauses_longer()
    {
        var busy = new QueueBackoff(QueueBackoff.HostMinimum, QueueBackoff.HostMinimum);

        Pauses(busy, 5, NoScatter).ShouldBe([100, 100, 100, 100, 100]);
    }

    [Fact]
    public void Years_of_empty_looks_overflow_nothing() =>
        Enumerable.Range(0, 10_000).Aggregate(Start, (backoff, _) => backoff.Next(found: false, 1)).Pause.ShouldBe(TimeSpan.FromSeconds(2));

    private static IEnumerable<double> Pauses(QueueBackoff backoff, int count, double jitter)
    {
        for (var look = 0; look < count; look++)
        {
            backoff = backoff.Next(found: false, jitter);
            yield return Math.Round(backoff.Pause.TotalMilliseconds);
        }
    }
}
