using LocalRuntime.Timers;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Timers;

public sealed class TimerStatusFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tally-timer-").FullName;

    [Fact]
    public void What_was_written_is_read()
    {
        var status = new TimerStatus("0 0 * * * *", new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero), DateTimeOffset.MaxValue, DateTimeOffset.MinValue);

        File().Write(status);

        File().Read().ShouldBe(status);
    }

    [Fact]
    public void No_record_and_a_broken_one_both_start_anew()
    {
        File().Read().ShouldBeNull();
        System.IO.File.WriteAllText(Path.Combine(_directory, "timer.json"), "{\"Schedule\":");

        File().Read().ShouldBeNull();
    }

    [Fact]
    public void One_of_two_takers_gets_the_lock_and_the_other_gets_it_afterwards()
    {
        var path = Path.Combine(_directory, "timer.lock");
        var first = TimerLock.TryTake(path);

        first.ShouldNotBeNull();
        TimerLock.TryTake(path).ShouldBeNull();
        first.Dispose();
        using var second = TimerLock.TryTake(path);
        second.ShouldNotBeNull();
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private TimerStatusFile File() => new(Path.Combine(_directory, "timer.json"), NullLogger.Instance);
}
