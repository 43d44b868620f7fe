using LocalRuntime.QueueTriggers;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.LocalRuntime.QueueTriggers;

public sealed class PollSignalTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task A_pause_ends_with_its_time()
    {
        var waiting = new PollSignal(_clock).WaitAsync(Pause, CancellationToken.None);

        _clock.Advance(Pause - TimeSpan.FromTicks(1));
        waiting.IsCompleted.ShouldBeFalse();
        _clock.Advance(TimeSpan.FromTicks(1));

        await Eventually.ComesAsync(waiting, "the end of the pause");
    }

    [Fact]
    public async Task A_signal_ends_the_pause_and_not_the_one_after()
    {
        var signal = new PollSignal(_clock);
        var waiting = signal.WaitAsync(Pause, CancellationToken.None);

        signal.Set();
        signal.Set();
        await Eventually.ComesAsync(waiting, "the end of the pause");

        signal.WaitAsync(Pause, CancellationToken.None).IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_signal_given_while_nobody_pauses_is_kept()
    {
        var signal = new PollSignal(_clock);

        signal.Set();

        await Eventually.ComesAsync(signal.WaitAsync(Pause, CancellationToken.None), "the end of the pause");
    }

    [Fact]
    public async Task A_stop_ends_the_pause_without_an_exception()
    {
        using var stop = new CancellationTokenSource();
        var waiting = new PollSignal(_clock).WaitAsync(Pause, stop.Token);

        await stop.CancelAsync();

        await Eventually.ComesAsync(waiting, "the end of the pause");
    }
}
