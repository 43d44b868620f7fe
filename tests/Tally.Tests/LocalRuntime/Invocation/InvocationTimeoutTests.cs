using LocalRuntime.Configuration;
using LocalRuntime.Hosting;
using LocalRuntime.Invocation;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.LocalRuntime.Invocation;

public sealed class InvocationTimeoutTests : IWorkerTermination
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider _clock = new();
    private readonly List<string> _terminations = [];

    void IWorkerTermination.Terminate(string reason) => _terminations.Add(reason);

    [Fact]
    public async Task Work_that_ends_in_time_has_its_own_outcome()
    {
        await Box().RunAsync("Quick", (_, _) => Task.CompletedTask, CancellationToken.None);
        await Should.ThrowAsync<InvalidDataException>(() => Box().RunAsync("Quick", (_, _) => throw new InvalidDataException(), CancellationToken.None));

        _terminations.ShouldBeEmpty();
    }

    [Fact]
    public async Task When_the_time_is_up_the_token_is_cancelled_and_even_a_success_is_a_failure()
    {
        var token = CancellationToken.None;
        var work = new TaskCompletionSource();
        var running = Box().RunAsync("Late", (functionToken, _) => { token = functionToken; return work.Task; }, CancellationToken.None);

        _clock.Advance(Limit - TimeSpan.FromTicks(1));
        token.IsCancellationRequested.ShouldBeFalse();
        _clock.Advance(TimeSpan.FromTicks(1));
        token.IsCancellationRequested.ShouldBeTrue();
        work.SetResult();

        (await Should.ThrowAsync<FunctionTimeoutException>(() => running)).Message.ShouldContain("Function Late ran into functionTimeout (00:05:00)");
        _terminations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Work_that_ignores_its_token_for_two_seconds_ends_the_worker()
    {
        var running = Box().RunAsync("Deaf", (_, _) => new TaskCompletionSource().Task, CancellationToken.None);

        _clock.Advance(Limit);
        // The grace begins in a continuation: time has to pass until it has begun and ended.
        await Eventually.HoldsAsync(
            () =>
            {
                _clock.Advance(InvocationTimeout.Grace / 2);
                return running.IsCompleted;
            },
            "the invocation was given up");

        await Should.ThrowAsync<FunctionTimeoutException>(() => running);
        _terminations.ShouldHaveSingleItem().ShouldContain("Function Deaf ignored its cancellation for 2 s");
    }

    [Fact]
    public async Task A_stopping_host_cancels_the_function_and_not_the_writing_of_its_outputs()
    {
        using var stopping = new CancellationTokenSource();
        var tokens = (Function: CancellationToken.None, Outputs: CancellationToken.None);
        var work = new TaskCompletionSource();
        var running = Box().RunAsync("Stopped", (function, outputs) => { tokens = (function, outputs); return work.Task; }, stopping.Token);

        await stopping.CancelAsync();
        tokens.Function.IsCancellationRequested.ShouldBeTrue();
        tokens.Outputs.IsCancellationRequested.ShouldBeFalse();
        work.SetResult();

        await running;
    }

    private InvocationTimeout Box()
    {
        var hostJson = new ConfigurationBuilder().AddInMemoryCollection([new("functionTimeout", Limit.ToString())]).Build();
        return new InvocationTimeout(new HostSettingsReader(hostJson, isDevelopment: false).Read(), _clock, this);
    }
}
