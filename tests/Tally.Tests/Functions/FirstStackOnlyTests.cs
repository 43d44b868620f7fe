using Npgsql;
using Shouldly;
using Tally.Functions;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Functions;

/// <summary>What the worker and the host log of a failure is its text: one line a try, and its stack once.</summary>
public sealed class FirstStackOnlyTests
{
    [Fact]
    public async Task A_failure_that_nobody_foresaw_tells_its_stack_at_the_first_try_and_one_line_at_the_others()
    {
        var first = await FailAsync(() => throw new InvalidOperationException("Broken."), tries: 1);
        var second = await FailAsync(() => throw new InvalidOperationException("Broken."), tries: 2);

        first.ShouldBeOfType<InvalidOperationException>().StackTrace.ShouldNotBeNull().ShouldContain(nameof(FirstStackOnlyTests));
        second.StackTrace.ShouldBeNull();
        second.ToString().ShouldBe("InvalidOperationException: Broken. The first try of this message logged where.");
    }

    [Fact]
    public async Task A_timer_that_fails_tells_its_stack_every_time() =>
        (await FailAsync(() => throw new NpgsqlException("No answer."), tries: null)).ShouldBeOfType<NpgsqlException>().StackTrace.ShouldNotBeNull();

    [Fact]
    public async Task A_bad_message_is_one_line_at_every_try()
    {
        foreach (var tries in new[] { 1, 2, 8 })
        {
            (await FailAsync(() => throw new InvalidMessageException("7", "'accountId' is missing"), tries)).ToString().ShouldBe("Message 7 cannot be applied: 'accountId' is missing.");
            var unknown = await FailAsync(() => throw new UnknownAccountException(404), tries);
            (unknown.StackTrace, unknown.ToString().Contains('\n')).ShouldBe((null, false));
        }
    }

    [Fact]
    public async Task What_is_cancelled_stays_cancelled() =>
        (await FailAsync(() => throw new OperationCanceledException(), tries: 2)).ShouldBeAssignableTo<OperationCanceledException>();

    private static Task<Exception> FailAsync(Action work, int? tries)
    {
        var data = new Dictionary<string, object?>();
        // As the host sends it: as JSON.
        if (tries is { } count) data["DequeueCount"] = $"{count}";
        return Should.ThrowAsync<Exception>(() => new FirstStackOnly().Invoke(new FakeFunctionContext(data), async _ =>
        {
            await Task.Yield();
            work();
        }));
    }
}
