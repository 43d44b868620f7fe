using LocalRuntime.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.QueueTriggers;
using Xunit;

namespace Tally.Tests.LocalRuntime.Hosting;

/// <summary>How a host and its functions end.</summary>
public sealed class ShutdownTests : IWorkerTermination
{
    private readonly TaskCompletionSource<string> _termination = new();

    void IWorkerTermination.Terminate(string reason) => _termination.TrySetResult(reason);

    [Fact]
    public async Task A_stopping_host_cancels_its_functions_and_gives_their_messages_back()
    {
        await using var app = await TestApp.StartAsync([typeof(TextFunction)]);
        app.Probe.Act = call => Task.Delay(Timeout.InfiniteTimeSpan, call.Context.CancellationToken);
        await SendAndWaitAsync(app);

        await app.StopAsync();

        var message = (await app.Queue("in").GetAsync(1, TimeSpan.FromMinutes(1))).ShouldHaveSingleItem();
        (message.Text, message.DequeueCount).ShouldBe(("work", 2));
        app.Logs.WithId(3).ShouldHaveSingleItem().Exception.ShouldBeAssignableTo<OperationCanceledException>();
    }

    [Fact]
    public async Task A_stopping_host_waits_for_a_function_that_finishes_its_work_and_sends_its_results()
    {
        await using var app = await TestApp.StartAsync([typeof(ArrayOutputFunction)]);
        var finish = new TaskCompletionSource();
        app.Probe.Act = call =>
        {
            call.Context.CancellationToken.Register(finish.SetResult);
            return finish.Task;
        };
        await SendAndWaitAsync(app);

        await app.StopAsync();

        (await app.Queue("in").GetPropertiesAsync()).ApproximateMessageCount.ShouldBe(0);
        (await app.MessagesAsync("letters", 4)).ShouldBe(["w", "o", "r", "k"]);
    }

    [Fact]
    public async Task A_function_that_does_not_end_costs_the_grace_and_its_message_is_given_back()
    {
        await using var app = await TestApp.StartAsync([typeof(TextFunction)], settings: new Dictionary<string, string?> { ["LocalRuntime:ShutdownGrace"] = "00:00:00.2" });
        var never = new TaskCompletionSource();
        app.Probe.Act = _ => never.Task;
        await SendAndWaitAsync(app);

        await app.StopAsync();

        (await app.Queue("in").GetAsync(1, TimeSpan.FromMinutes(1))).ShouldHaveSingleItem().DequeueCount.ShouldBe(2);
        app.Logs.WithId(28).ShouldHaveSingleItem().Message.ShouldContain("'Text' had not ended when the host stopped");
        never.SetResult();
    }

    [Fact]
    public async Task A_function_that_outlives_its_timeout_ends_the_worker_and_has_failed()
    {
        await using var app = await TestApp.StartAsync(
            [typeof(TextFunction)],
            settings: new Dictionary<string, string?> { ["AzureFunctionsJobHost:functionTimeout"] = "00:00:01" },
            configure: builder => builder.Services.AddSingleton<IWorkerTermination>(this));
        var never = new TaskCompletionSource();
        app.Probe.Act = call => app.Probe.Calls.Count == 1 ? never.Task : Task.CompletedTask;

        await app.SendAsync("in", "work");

        (await Eventually.ComesAsync(_termination.Task, "the end of the worker")).ShouldContain("Function Text ignored its cancellation");
        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == 1, "the second try has succeeded");
        app.Probe.Calls[0].Context.CancellationToken.IsCancellationRequested.ShouldBeTrue();
        app.Logs.WithId(3).ShouldHaveSingleItem().Message.ShouldContain("FunctionTimeoutException");
        never.SetResult();
    }

    private static async Task SendAndWaitAsync(TestApp app)
    {
        await app.SendAsync("in", "work");
        await Eventually.HoldsAsync(() => app.Probe.Calls.Count == 1, "the function runs");
    }
}
