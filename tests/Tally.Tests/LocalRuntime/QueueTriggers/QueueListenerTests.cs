using LocalRuntime.Queues;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.Hosting;
using Xunit;

namespace Tally.Tests.LocalRuntime.QueueTriggers;

/// <summary>How messages are received: how many at a time, how long hidden, by whom.</summary>
public sealed class QueueListenerTests
{
    [Fact]
    public async Task Long_work_keeps_its_message_hidden_and_runs_once()
    {
        await using var app = await TestApp.StartAsync([typeof(TextFunction)], settings: Settings(("LocalRuntime:InvisibilityTimeout", "00:00:02")));
        // Three renewals, each after half of the two seconds: the message would have been back long before.
        app.Probe.Act = _ => Eventually.HoldsAsync(() => app.Logs.WithId(24).Count >= 3, "the message was kept hidden three times");

        await app.SendAsync("in", "slow");

        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == 1, "the function has succeeded");
        await app.QueueIsEmptyAsync("in");
        app.Probe.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_message_that_another_host_took_over_is_left_to_it()
    {
        await using var app = await TestApp.StartAsync([typeof(TextFunction)]);
        var receipt = "";
        app.Probe.Act = async call =>
        {
            // With the receipt that the host holds too, the message is hidden anew, and the host's receipt is void.
            var data = call.Context.BindingContext.BindingData;
            receipt = (await app.Queue("in").UpdateAsync((string)data["Id"]!, (string)data["PopReceipt"]!, TimeSpan.FromMinutes(5))).PopReceipt;
        };

        await app.SendAsync("in", "taken");

        await Eventually.HoldsAsync(() => app.Logs.WithId(26).Count == 1, "the host noticed");
        (await app.Queue("in").GetPropertiesAsync()).ApproximateMessageCount.ShouldBe(1);
        await app.Queue("in").DeleteMessageAsync((string)app.Probe.Calls[0].Context.BindingContext.BindingData["Id"]!, receipt);
    }

    [Fact]
    public async Task The_next_batch_is_received_when_no_more_than_the_threshold_is_in_work()
    {
        const int messages = 9;
        var run = TestApp.NewRun();
        for (var number = 0; number < messages; number++) await TestApp.Queue(run, "in").PutOrCreateAsync(BinaryData.FromString($"{number}"));
        var releases = Enumerable.Range(0, messages).Select(_ => new TaskCompletionSource()).ToArray();
        await using var app = await TestApp.StartAsync(
            [typeof(TextFunction)], run,
            Settings(("AzureFunctionsJobHost:extensions:queues:batchSize", "2"), ("AzureFunctionsJobHost:extensions:queues:newBatchThreshold", "1")),
            builder => builder.Use(next => async context =>
            {
                await releases[int.Parse((string)context.BindingContext.BindingData["QueueTrigger"]!, System.Globalization.CultureInfo.InvariantCulture)].Task;
                await next(context);
            }));

        await Eventually.HoldsAsync(() => app.Logs.WithId(1).Count == 2, "the first batch is in work");
        releases[0].SetResult();
        await Eventually.HoldsAsync(() => app.Logs.WithId(1).Count == 4, "one is done, one and the next two are in work");
        app.Logs.WithId(2).Count.ShouldBe(1);

        foreach (var release in releases) release.TrySetResult();
        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == messages, "all are done");
    }

    [Fact]
    public async Task Two_hosts_share_a_queue_without_loss_and_without_doubles()
    {
        const int messages = 200;
        var run = TestApp.NewRun();
        await using var one = await TestApp.StartAsync([typeof(TextFunction)], run);
        await using var two = await TestApp.StartAsync([typeof(TextFunction)], run);
        // Nobody goes on before both have had a message, so that neither can empty the queue alone.
        var both = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        one.Probe.Act = _ => { both[0].TrySetResult(); return both[1].Task; };
        two.Probe.Act = _ => { both[1].TrySetResult(); return both[0].Task; };

        await Parallel.ForAsync(0, messages, async (number, _) => await one.SendAsync("in", $"{number}"));

        await Eventually.HoldsAsync(() => one.Logs.WithId(2).Count + two.Logs.WithId(2).Count >= messages, "all are done");
        await one.QueueIsEmptyAsync("in");
        one.Probe.Texts.Concat(two.Probe.Texts).Select(text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture))
            .ShouldBe(Enumerable.Range(0, messages), ignoreOrder: true);
        one.Probe.Calls.ShouldNotBeEmpty();
        two.Probe.Calls.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task An_output_wakes_the_listener_of_its_queue()
    {
        // Time stands still, so no pause ever ends: the second function runs only because it is told.
        var run = TestApp.NewRun();
        await TestApp.Queue(run, "in").PutOrCreateAsync(BinaryData.FromString("four"));

        await using var app = await TestApp.StartAsync([typeof(SingleOutputFunction), typeof(FollowUpFunction)], run, clock: new FakeTimeProvider());

        await Eventually.HoldsAsync(() => app.Probe.Calls.Count == 2, "both functions ran");
        app.Probe.Calls[1].Input.ShouldBe(new SingleOutputFunction.Length(4));
    }

    [Fact]
    public async Task A_service_that_cannot_be_reached_is_reported_once_and_asked_again()
    {
        var settings = Settings(("AzureWebJobsStorage", "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.2"));

        await using var app = await TestApp.StartAsync([typeof(TextFunction)], settings: settings);

        await Eventually.HoldsAsync(() => app.Logs.WithId(22).Count > 0, "the failure was reported");
        app.Logs.WithId(22).ShouldHaveSingleItem().Exception.ShouldBeOfType<QueueStorageException>().Message.ShouldContain("no answer from http://127.0.0.2:10001");
    }

    [Fact]
    public async Task A_disabled_function_has_no_listener()
    {
        await using var app = await TestApp.StartAsync(
            [typeof(TextFunction), typeof(PoisonFunction)], settings: Settings(("AzureWebJobs.Text.Disabled", "true")));

        await Eventually.HoldsAsync(() => app.Logs.WithId(20).Count > 0, "the other function listens");
        app.Logs.WithId(11).ShouldHaveSingleItem().Message.ShouldContain("'Text'");
        app.Logs.WithId(20).ShouldHaveSingleItem().Message.ShouldContain("'Poison'");
    }

    private static Dictionary<string, string?> Settings(params (string Name, string Value)[] settings) =>
        settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value);
}
